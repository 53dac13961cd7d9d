import picocolors from 'picocolors';
import { leastAgreement, leastSaving, type PlanRow, type Verdict } from '../jobs/costPlan.ts';
import type { PlanResult } from '../jobs/plan.ts';
import { formatCount, formatSeconds, formatShare, nothing } from '../report/format.ts';
import { alignedRows } from '../report/textTable.ts';

/** What longer runs than a plan's own have shown, and why a plan does not recommend by cost alone. */
export const planFindings: readonly [string, string] = [
  'Staleness without a shortlist is never recommended: it selects nearly the same points in two steps running and loses most of the step gain (MNIST after 100 steps: exact .944, staleness 1 .879, with a shortlist of 64 .939, uniform .883).',
  'Reuse is judged by the second pass over the data, where trying a first one does not take too long; for nets that learn slowly earlier losses tell the order better later on (top tenth in common at half, over a whole run: .95 on CIFAR-10 with the cnn, .65 on MNIST).',
];

const meanings: Readonly<Record<Verdict, string>> = {
  unit: 'the unit',
  recommended: 'recommended',
  'hardly cheaper': 'hardly cheaper',
  dearer: '',
  disagrees: 'agrees too little',
  untried: 'not tried for a pass',
  online: '',
};

/** A plan for a terminal. */
export function renderPlan(plan: PlanResult, colour: boolean): string {
  const { bold, dim } = picocolors.createColors(colour);
  const rows = plan.settings.map((row) => cellsOf(row));
  const headers = ['setting', 'ms/step', 'uniform steps', 'spread', 'rank corr.', 'top tenth', '', 'options'];
  return [
    alignedRows(headers, rows, ['setting', '', 'options'], dim),
    ...leftOutLines(plan),
    '',
    bold(`Recommended: ${plan.recommended.flags}`),
    reasonFor(plan),
    '',
    ...costLines(plan),
    '',
    ...caveats(plan).map((line) => dim(line)),
  ].join('\n');
}

function cellsOf(row: PlanRow): string[] {
  const { name, kind, secondsPerStep, uniformSteps, spread, spearman, topTenthOverlap, verdict, flags } = row;
  const figure = (value: number | null) => (value === null ? nothing : value.toFixed(2));
  return [
    name,
    milliseconds(secondsPerStep),
    uniformSteps.toFixed(2),
    kind === 'uniform' ? nothing : formatShare(spread),
    figure(spearman),
    figure(topTenthOverlap),
    meanings[verdict],
    kind === 'online' ? `${flags} --irreducible FILE.onnx` : flags,
  ];
}

function milliseconds(seconds: number): string {
  return (1000 * seconds).toFixed(seconds < 0.1 ? 2 : 0);
}

/** One line for each reason. */
function leftOutLines({ leftOut }: PlanResult): string[] {
  const reasons = new Set(leftOut.map(({ reason }) => reason));
  return [...reasons].map((reason) => {
    const names = leftOut.filter((each) => each.reason === reason).map(({ name }) => name);
    return `Left out: ${names.join('; ')}: ${reason}`;
  });
}

/** Why a setting is recommended, in a sentence. */
function reasonFor({ recommended, settings }: PlanResult): string {
  const exact = settings.find(({ kind }) => kind === 'exact')!;
  const { name, kind, uniformSteps, spearman, topTenthOverlap } = recommended;
  if (recommended.name === exact.name)
    return `Why: of all that ranks candidates as exact scoring does, nothing costs ${formatShare(leastSaving)} less than its ${uniformSteps.toFixed(2)} uniform steps.`;
  const saving = `Why: a step with "${name}" costs ${uniformSteps.toFixed(2)} uniform steps, with exact scoring ${exact.uniformSteps.toFixed(2)}`;
  return kind === 'exact'
    ? `${saving} on ${exact.options.threads} threads.`
    : `${saving}, and both rank candidates alike (rank correlation ${spearman!.toFixed(2)}, top tenth in common ${topTenthOverlap!.toFixed(2)}).`;
}

function costLines(plan: PlanResult): string[] {
  const { steps, uniformSeconds, seconds, breakEven } = plan.run;
  return [
    `${formatCount(steps)} steps take ${formatSeconds(uniformSeconds)} with uniform and ${formatSeconds(seconds)} with it, evaluations and checkpoints not counted.`,
    `It pays if it reaches your accuracy in fewer than 1/${breakEven.toFixed(2)} of uniform's steps, the IL model not counted.`,
    ...ilLines(plan),
    ...onlineLines(plan),
  ];
}

function ilLines({ il, run, payBack }: PlanResult): string[] {
  if (il === null) return [];
  const { model, trainingSeconds, scoringSeconds, isRecorded } = il;
  const scoring = `scoring the target half ${formatSeconds(scoringSeconds)}`;
  if (trainingSeconds === null)
    return [
      `The IL model ${model}: ${scoring}; what its training took is not known, since no il.json of it was found.`,
    ];
  const cost = isRecorded
    ? `The IL model ${model} took ${formatSeconds(trainingSeconds)} to train`
    : `The IL model ${model} takes at most ${formatSeconds(trainingSeconds)} to train`;
  const { breakEvenWithIl, steps } = run;
  const alone =
    breakEvenWithIl === null
      ? `that is longer than ${formatCount(steps)} steps of uniform, so one such run never pays for it`
      : `counted in one run of ${formatCount(steps)} steps, it pays in fewer than 1/${breakEvenWithIl.toFixed(2)} of uniform's`;
  return [
    `${cost}, ${scoring}; ${alone}.`,
    ...payBack.map(
      ({ gain, steps: from, runs }) =>
        `  If rho needs 1/${gain} of uniform's steps, the IL model is paid back from ${formatCount(from)} steps of uniform on, or by ${formatCount(runs)} ${runs === 1 ? 'run' : 'runs'} of ${formatCount(steps)}.`,
    ),
  ];
}

function onlineLines({ online, il, recommended }: PlanResult): string[] {
  if (online === null) return [];
  const { secondsPerStep, storePaysFrom } = online;
  return [
    `Online, the IL model scores beside training: ${milliseconds(secondsPerStep)} ms a step instead of ${milliseconds(recommended.secondsPerStep)} from a store; ` +
      (storePaysFrom === null
        ? 'no dearer.'
        : `a store, ${formatSeconds(il?.scoringSeconds ?? null)} to make, is cheaper from ${formatCount(storePaysFrom)} steps on.`),
  ];
}

function caveats({ irreducible, settings }: PlanResult): string[] {
  const { spearman, topTenthOverlap } = leastAgreement;
  const lines = [
    `Steps are timed in turns with uniform's. Rank correlation and top tenth in common are with exact scores, of weights that are nearly untrained; what is recommended has ${spearman} and ${topTenthOverlap} or more, and costs ${formatShare(leastSaving)} less than what is simpler.`,
  ];
  if (settings.some(({ kind, verdict }) => kind === 'reuse' && (verdict === 'untried' || verdict === 'disagrees')))
    lines.push(planFindings[1]!);
  if (irreducible === 'zeros')
    lines.unshift('Irreducible losses of zeros stood in for the real ones: they cost the same.');
  const widest = Math.max(...settings.map(({ spread }) => spread));
  if (widest > 0.25)
    lines.unshift(
      `Turns of one setting lie up to ${formatShare(widest)} apart: something else uses this machine, measure again.`,
    );
  return lines;
}
