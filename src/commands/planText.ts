import picocolors from 'picocolors';
import { leastAgreement, type PlanRow, type Verdict } from '../jobs/costPlan.ts';
import type { PlanResult } from '../jobs/plan.ts';
import { formatCount, formatSeconds, formatShare, nothing } from '../report/format.ts';
import { alignedRows } from '../report/textTable.ts';

/** What longer runs than a plan's own have shown, and why a plan does not recommend by cost alone. */
export const planFindings: readonly string[] = [
  'Staleness without a shortlist is never recommended: it selects nearly the same points in two steps running and loses most of the step gain (MNIST after 100 steps: exact .944, staleness 1 .879, with a shortlist of 64 .939, uniform .883).',
  'Reuse of losses is offered, not recommended: whether earlier losses still tell the order shows after passes, not seconds (top tenth in common at half: .95 on CIFAR-10 with the cnn, .65 on MNIST).',
];

const meanings: Readonly<Record<Verdict, string>> = {
  unit: 'the unit',
  recommended: 'recommended',
  possible: '',
  offered: 'offered',
  'not cheaper': 'not cheaper than exact',
  disagrees: 'agrees too little',
  online: '',
};

/** A plan for a terminal. */
export function renderPlan(plan: PlanResult, colour: boolean): string {
  const { bold, dim } = picocolors.createColors(colour);
  const rows = plan.settings.map((row) => cellsOf(row));
  const headers = ['setting', 'ms/step', 'uniform steps', 'spread', 'rank corr.', 'top tenth', '', 'options'];
  const { recommended, leftOut } = plan;
  return [
    alignedRows(headers, rows, ['setting', '', 'options'], dim),
    ...leftOut.map(({ name, reason }) => `Left out: ${name}: ${reason}`),
    '',
    bold(`Recommended: ${recommended.flags}`),
    ...costLines(plan),
    ...caveats(plan).map((line) => dim(line)),
  ].join('\n');
}

function cellsOf(row: PlanRow): string[] {
  const { name, secondsPerStep, uniformSteps, spread, spearman, topTenthOverlap, verdict, flags } = row;
  const figure = (value: number | null) => (value === null ? nothing : value.toFixed(2));
  return [
    name,
    (1000 * secondsPerStep).toFixed(secondsPerStep < 0.1 ? 2 : 0),
    uniformSteps.toFixed(2),
    formatShare(spread),
    figure(spearman),
    figure(topTenthOverlap),
    meanings[verdict],
    flags,
  ];
}

function costLines({ run, il, online }: PlanResult): string[] {
  const { steps, uniformSeconds, seconds, breakEven, breakEvenWithIl } = run;
  const lines = [
    `${formatCount(steps)} steps take ${formatSeconds(uniformSeconds)} with uniform and ${formatSeconds(seconds)} with it, evaluations and checkpoints not counted.`,
    `It pays if it reaches your accuracy in fewer than 1/${breakEven.toFixed(2)} of uniform's steps.`,
  ];
  if (il !== null && il.stepsPerSecond !== null)
    lines.push(
      `The IL model ${il.model} takes at most ${formatSeconds(il.trainingSeconds)} (${il.epochs} passes, ${formatCount(il.stepsPerSecond)} steps a second), scoring the target half ${formatSeconds(il.scoringSeconds)}; ` +
        (breakEvenWithIl === null
          ? `for one run of uniform of ${formatSeconds(uniformSeconds)} that never pays, for several it may.`
          : `with that, it pays in fewer than 1/${breakEvenWithIl.toFixed(2)}.`),
    );
  if (online !== null)
    lines.push(
      `Online irreducible losses: ${(1000 * online.secondsPerStep).toFixed(2)} ms a step (${online.flags}); ` +
        (online.storePaysFrom === null
          ? 'no dearer than from a store.'
          : `scoring the target half before takes ${formatSeconds(il?.scoringSeconds ?? null)} and is cheaper from ${formatCount(online.storePaysFrom)} steps on.`),
    );
  return lines;
}

function caveats({ irreducible, settings, config, threads }: PlanResult): string[] {
  const { spearman, topTenthOverlap } = leastAgreement;
  const lines = [
    `Rank correlation and top tenth in common are with exact scores, under weights that are nearly untrained; int8 is recommended from ${spearman} and ${topTenthOverlap} on.`,
    ...planFindings,
  ];
  if (irreducible === 'zeros')
    lines.unshift('Irreducible losses of zeros stood in for the real ones: they cost the same.');
  if (config.threads > threads)
    lines.push(
      `--threads ${config.threads} on ${threads} is meant for this setting: uniform and exact scoring would have ${config.threads} threads too, so compare with those at --threads ${threads}.`,
    );
  const widest = Math.max(...settings.map(({ spread }) => spread));
  if (widest > 0.2)
    lines.unshift(
      `The rounds lie up to ${formatShare(widest)} apart: something else uses this machine, measure again.`,
    );
  return lines;
}
