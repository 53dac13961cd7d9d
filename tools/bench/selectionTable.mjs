/** What a case came to, as text: a row for each way of scoring, and below it who led. */
export function tableOf({ case: name, settings, accuracies, times, budget, ilSeconds, seeds, threads }) {
  const cut = (value, digits) => (value == null ? '-' : value.toFixed(digits));
  const decayedCells = (linear) =>
    linear
      ? [
          cut(linear.steps, 0),
          `${cut(linear.seconds.mean, 1)} s`,
          cut(linear.finalAccuracy.mean, 3),
          linear.finalAccuracy.perSeed.map((one) => cut(one, 3)).join(' '),
        ]
      : ['-', '-', '-', '-'];
  const parts = [
    [
      `${name}: seeds ${seeds.join(', ')}, ${threads} threads, IL model and its scores ${cut(ilSeconds, 1)} s`,
      ['setting', 'ms a step', 'uniform steps', 'f', 'overlap', 'Spearman', 'top 10%', 'gain kept'],
      ({ stepSeconds, uniformSteps, f, overlap, agreement, keptGain }) => [
        cut(1000 * stepSeconds.median, 2),
        `${cut(uniformSteps.mean, 2)} (${uniformSteps.perSeed.map((one) => cut(one, 2)).join(' ')})`,
        ...[f, overlap, agreement?.spearman, agreement?.topTenthOverlap, keptGain].map((value) => cut(value, 2)),
      ],
    ],
    [
      '(a) constant rate: steps, and seconds without the IL model / a fifth of it / all of it',
      ['setting', ...accuracies.map((target) => `to ${target}`)],
      ({ targets }) =>
        accuracies.map((target) => {
          const { steps, seconds } = targets[target];
          const reached = steps.perSeed.filter((one) => one !== null).length;
          if (steps.mean === null) return reached === 0 ? 'never' : `${reached} of ${steps.perSeed.length} seeds`;
          return `${cut(steps.mean, 0)}, ${['none', 'fifth', 'whole'].map((share) => cut(seconds[share].mean, 1)).join(' / ')}`;
        }),
    ],
    [
      '(a) constant rate: accuracy after so many seconds, without the IL model / a fifth / all',
      ['setting', ...times.map((time) => `${cut(time, 1)} s`), 'last step'],
      ({ accuracyAt, finalAccuracy }) => [
        ...accuracyAt.map((at) => ['none', 'fifth', 'whole'].map((share) => cut(at[share].mean, 3)).join(' / ')),
        cut(finalAccuracy.mean, 3),
      ],
    ],
    ...['none', 'fifth', 'whole']
      .filter((share) => settings.some(({ linear }) => linear[share]))
      .map((share) => [
        `(b) rate down to zero within ${cut(budget, 1)} s, ${{ none: 'nothing', fifth: 'a fifth', whole: 'all' }[share]} of the IL model in it`,
        ['setting', 'steps', 'took', 'accuracy', 'each seed'],
        (setting) => decayedCells(setting.name === 'uniform' ? setting.linear.none : setting.linear[share]),
      ]),
  ];
  return parts
    .map(
      ([title, headers, cells]) =>
        `${title}\n${aligned([headers, ...settings.map((one) => [one.name, ...cells(one)])])}`,
    )
    .join('\n\n');
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ');
  return rows.map(line).join('\n');
}
