import type { Ledger } from '../loop/ledger.ts';
import type { TargetLedger } from '../loop/timeGains.ts';
import { escapeHtml, formatCount, formatMilliseconds, formatSeconds, isNumber, nothing } from './format.ts';
import {
  besideInWords,
  hasUniform,
  inThreads,
  overlapShares,
  percent,
  reuseInWords,
  scoringInWords,
  spreadInWords,
  verdictInWords,
  waitingInWords,
} from './ledgerWords.ts';
import { boxKey } from './page.ts';
import { sideColours } from './palette.ts';
import type { Pen } from './svg.ts';
import { drawTimeline } from './timeline.ts';

type Ledgers = Readonly<Record<string, Ledger>>;

/** What selection cost and what it brought: where the time of a step goes, the figures, and the time to each target. */
export function ledgerHtml(pen: Pen, ledgers: Ledgers): string {
  const strategies = Object.keys(ledgers);
  if (strategies.length === 0) return '';
  const chart = drawTimeline(pen, ledgers);
  const timeline =
    chart === ''
      ? ''
      : `<p>Where the time of a mean step goes: ${boxKey(sideColours.train, 'training')}, ${boxKey(sideColours.score, 'scoring candidates')}; each thread has a lane, and waits where it is empty.</p>
<div class="single">${chart}</div>`;
  return [timeline, figuresHtml(ledgers), remarksHtml(ledgers), targetsHtml(ledgers)]
    .filter((part) => part !== '')
    .join('\n');
}

interface Figure {
  readonly name: string;
  readonly value: (ledger: Ledger) => string | null;
  /** Below the value; for a value that is missing, why. */
  readonly below?: (ledger: Ledger) => string;
}

const share = (value: number | null): string | null => (isNumber(value) ? percent(value) : null);
const decimals = (value: number | null): string | null => (isNumber(value) ? value.toFixed(2) : null);

const figures: readonly Figure[] = [
  {
    name: 'a step in uniform steps',
    value: ({ uniformSteps }) => decimals(uniformSteps),
    below: (ledger) => {
      if (!hasUniform(ledger)) return '';
      const { uniformSteps, secondsPerStep, uniformSecondsPerStep, unknown } = ledger;
      return isNumber(uniformSteps)
        ? `${formatMilliseconds(secondsPerStep)}, uniform ${formatMilliseconds(uniformSecondsPerStep)}`
        : (unknown.uniformSteps ?? '');
    },
  },
  {
    name: 'scoring',
    value: ({ scoring }) => scoring && scoringInWords(scoring),
    below: threadsInWords,
  },
  {
    name: 'overlap: share of the work beside the trainer that is done while the trainer works',
    value: (ledger) => share(overlapShares(ledger)?.ofBeside ?? null),
    below: (ledger) => {
      const shares = overlapShares(ledger);
      if (shares === null) return ledger.unknown.overlap ?? '';
      return `${percent(shares.ofTrainer)} of the trainer’s work; ${besideInWords(ledger)} scored for ${percent(shares.ofTime)} of the time`;
    },
  },
  {
    name: 'the trainer waits, in a step',
    value: ({ waiting }) => waiting && formatMilliseconds(waiting.trainer),
    below: waitingInWords,
  },
  {
    name: 'what scores beside it waits',
    value: ({ waiting }) => (isNumber(waiting?.beside) ? formatMilliseconds(waiting.beside) : null),
    below: ({ waiting }) => (isNumber(waiting?.beside) ? 'for weights, data and its turn' : ''),
  },
  {
    name: 'f, the cost of scoring a candidate',
    value: ({ scored }) => decimals(scored),
    below: ({ scored, scoredSpread, unknown }) =>
      isNumber(scored)
        ? `exact forward passes${scoredSpread ? `; ${spreadInWords(scoredSpread)}` : ''}`
        : (unknown.scored ?? ''),
  },
  {
    name: 't, the cost of training on an example',
    value: ({ trained }) => decimals(trained),
    below: ({ trained, unknown }) => (isNumber(trained) ? 'exact forward passes' : (unknown.trained ?? '')),
  },
  {
    name: 'r, share of the candidates kept',
    value: ({ kept }) => share(kept),
    below: ({ kept, unknown }) => (isNumber(kept) ? '' : (unknown.kept ?? '')),
  },
  {
    name: 'rank correlation with exact scores (Spearman)',
    value: ({ agreement }) => decimals(agreement?.spearman ?? null),
    below: ({ agreement, unknown }) =>
      agreement
        ? `1 is the same order; mean of ${formatCount(agreement.evaluations)} evaluations`
        : (unknown.agreement ?? ''),
  },
  {
    name: 'best tenth in common with exact scores',
    value: ({ agreement }) => share(agreement?.topTenthOverlap ?? null),
  },
];

function threadsInWords({ threads, scoreThreads, onlineThreads, scoring }: Ledger): string {
  if (!isNumber(threads)) return '';
  const byTrainer = scoring?.inOneGraph ? 'in one graph with the step' : 'by the trainer';
  const candidates = isNumber(scoreThreads)
    ? `beside training: ${inThreads(threads)} and ${inThreads(scoreThreads)}`
    : `${byTrainer}, ${inThreads(threads)}`;
  return isNumber(onlineThreads) ? `${candidates}; irreducible losses beside: ${inThreads(onlineThreads)}` : candidates;
}

function figuresHtml(ledgers: Ledgers): string {
  const all = Object.values(ledgers);
  const known = figures.filter(({ value, below }) => all.some((ledger) => value(ledger) || below?.(ledger)));
  const rows = known.map(({ name, value, below }) => {
    const cells = all.map((ledger) => cell(value(ledger) ?? nothing, below?.(ledger)));
    return `<tr><th scope="row" class="name">${escapeHtml(name)}</th>${cells.join('')}</tr>`;
  });
  return table('Cost of selection', ['', ...Object.keys(ledgers)], rows, ' small');
}

/** What the figures are of, where losses were to be reused. */
function remarksHtml(ledgers: Ledgers): string {
  const remarks = new Set(Object.values(ledgers).map(reuseInWords));
  remarks.delete('');
  return [...remarks].map((remark) => `<p class="quiet small">${escapeHtml(remark)}</p>`).join('\n');
}

function targetsHtml(ledgers: Ledgers): string {
  const all = Object.entries(ledgers).flatMap(([strategy, ledger]) =>
    Object.entries(ledger.targets).map(([target, at]) => ({ strategy, ledger, target, at })),
  );
  if (all.length === 0) return '';
  const several = Object.keys(ledgers).length > 1;
  const compared = Object.values(ledgers).some(hasUniform);
  const rows = all.map(({ strategy, ledger, target, at }) => {
    const name = several ? `${strategy} to ${target}` : target;
    const cells = [
      ...(compared ? [cell(formatSeconds(at.uniformSeconds))] : []),
      ...timesOf(ledger, at),
      ...(compared ? [cell(decimals(at.stepGain) ?? nothing), cell(decimals(at.breakEven) ?? nothing)] : []),
    ];
    return `<tr><th scope="row" class="name">${escapeHtml(name)}</th>${cells.join('')}</tr>`;
  });
  const headers = [
    several ? 'strategy, accuracy' : 'accuracy',
    ...(compared ? ['uniform'] : []),
    'without IL model',
    'shared here',
    'shared by 5 runs',
    'IL model counted',
    ...(compared ? ['step gain', 'break-even f'] : []),
  ];
  const verdicts = all.map(
    ({ strategy, ledger, target }) => `<li>${escapeHtml(verdictInWords(strategy, target, ledger))}</li>`,
  );
  return `<h3>Time to accuracy</h3>
<ul class="notes">
${verdicts.join('\n')}
</ul>
${table('Time to accuracy', headers, rows)}
<p class="quiet small">${escapeHtml(costNotes(ledgers))}</p>`;
}

/** Seconds with nothing, a share and all of the cost of the IL model, and below them the gain over uniform. */
function timesOf({ irreducibleSeconds, sharedBy }: Ledger, { seconds, gain }: TargetLedger): string[] {
  const time = (which: keyof TargetLedger['seconds'], more = ''): string => {
    const words = isNumber(gain[which]) ? `${gain[which].toFixed(2)}x` : '';
    return cell(formatSeconds(seconds[which]), [words, more].filter((part) => part !== '').join(', '));
  };
  const none = irreducibleSeconds === 0;
  return [
    time('none'),
    none ? cell(nothing) : time('sharedHere', `by ${Number(sharedBy.toFixed(1))}`),
    none ? cell(nothing) : time('sharedByFive'),
    none ? cell(nothing) : time('whole'),
  ];
}

function costNotes(ledgers: Ledgers): string {
  const all = Object.values(ledgers);
  const compared = all.some(hasUniform);
  const costs = all.map(({ irreducibleSeconds, irreducibleSource, unknown }) => {
    if (irreducibleSeconds === null)
      return `What the irreducible losses cost is not known: ${unknown.irreducibleSeconds ?? 'they were made elsewhere'}.`;
    if (irreducibleSeconds === 0) return '';
    return `The irreducible losses cost ${formatSeconds(irreducibleSeconds)}${irreducibleSource ? `: ${irreducibleSource}` : ''}.`;
  });
  return [
    ...(compared ? ['Below a time: uniform’s time over it, so above 1 it is shorter.'] : []),
    ...new Set(costs.filter((cost) => cost !== '')),
    'f and t are core-seconds of one example over those of an exact forward pass.',
    ...(compared
      ? [
          'Scoring saves machine time where f is below the break-even t r (step gain - 1); what it saves in time depends on the overlap too.',
        ]
      : ['What selection gains is seen beside a uniform run, which trains on random candidates.']),
  ].join(' ');
}

function cell(text: string, below = ''): string {
  return `<td>${escapeHtml(text)}${below === '' ? '' : `<small>${escapeHtml(below)}</small>`}</td>`;
}

function table(label: string, headers: readonly string[], rows: readonly string[], size = ''): string {
  const heads = headers.map(
    (header, index) => `<th scope="col"${index === 0 ? ' class="name"' : ''}>${escapeHtml(header)}</th>`,
  );
  return `<div class="scroll" role="region" aria-label="${escapeHtml(label)}" tabindex="0">
<table class="comparison plain costs${size}">
<thead><tr>${heads.join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>`;
}
