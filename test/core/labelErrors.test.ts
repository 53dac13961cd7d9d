import { describe, expect, it } from 'vitest';
import { findSuspects, givenProbability, predictedProbability } from '../../src/core/labelErrors.ts';

/** A row per list of probabilities. */
function predictions(rows: readonly (readonly number[])[], labels: readonly number[]) {
  const given = rows.map((row, at) => row[labels[at]!]!);
  return {
    loss: given.map((p) => -Math.log(p)),
    labels,
    predicted: rows.map((row) => row.indexOf(Math.max(...row))),
    margin: rows.map((row, at) => given[at]! - Math.max(...row.filter((_, label) => label !== labels[at]))),
  };
}

describe('probabilities from loss and margin', () => {
  const rows = [
    [0.7, 0.2, 0.1],
    [0.7, 0.2, 0.1],
    [0.05, 0.05, 0.9],
  ];
  const found = predictions(rows, [0, 1, 0]);

  it('are those of the label and of the prediction', () => {
    expect([0, 1, 2].map((row) => givenProbability(found, row))).toBeAllClose([0.7, 0.2, 0.05], {
      rtol: 1e-12,
      atol: 0,
    });
    expect([0, 1, 2].map((row) => predictedProbability(found, row))).toBeAllClose([0.7, 0.7, 0.9], {
      rtol: 1e-12,
      atol: 0,
    });
  });

  it('are 0 and 1 for an infinite loss', () => {
    const sure = { loss: [Infinity], margin: [-1] };
    expect([givenProbability(sure, 0), predictedProbability(sure, 0)]).toEqual([0, 1]);
  });

  it('are not known where the prediction is not', () => {
    expect(predictedProbability({ loss: [1], margin: [Number.NaN] }, 0)).toBeNaN();
  });
});

describe('suspects', () => {
  it('are predicted as another class, as surely as that class is where it is the label', () => {
    // Class 1 has 0.8, 0.6 and 0.1 where it is the label, 0.5 on average.
    const found = predictions(
      [
        [0.2, 0.8],
        [0.4, 0.6],
        [0.9, 0.1],
        [0.49, 0.51],
        [0.95, 0.05],
        [0.55, 0.45],
      ],
      [1, 1, 1, 0, 0, 0],
    );
    // Class 0 has 0.49, 0.95 and 0.55, 0.66 on average: the third row passes with 0.9, the fourth with 0.51.
    expect([...findSuspects(found, 2)]).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it('are none of those that are predicted as labelled, and none predicted less surely', () => {
    const found = predictions(
      [
        [0.1, 0.9],
        [0.4, 0.6],
        [0.8, 0.2],
      ],
      [1, 0, 0],
    );
    expect([...findSuspects(found, 2)]).toEqual([0, 0, 0]);
  });

  it('are not known without a prediction, nor for a class that is nowhere the label', () => {
    const unknown = { loss: [3, 3], labels: [0, 1], predicted: [-1, -1], margin: [Number.NaN, Number.NaN] };
    expect([...findSuspects(unknown, 2)]).toEqual([0, 0]);
    expect([...findSuspects(predictions([[0.1, 0.1, 0.8]], [0]), 3)]).toEqual([0]);
  });
});
