import { expect, test } from 'vitest';
import { measureAgainstTruth } from '../../src/jobs/auditTruth.ts';
import type { LossTable } from '../../src/store/lossTable.ts';

/** Four examples of two classes: probability of the label 0.1, 0.45, 0.8, 0.95. */
const given = [0.1, 0.45, 0.8, 0.95];
const table: LossTable = {
  ids: Uint32Array.of(4, 5, 6, 7),
  loss: Float32Array.from(given, (p) => -Math.log(p)),
  labels: Int32Array.of(0, 0, 1, 1),
  predicted: Int32Array.of(1, 1, 1, 1),
  margin: Float32Array.from(given, (p) => 2 * p - 1),
};

test('each ranking is measured against the truth', () => {
  // The first and the third label are wrong.
  const truth = measureAgainstTruth(table, Uint8Array.of(1, 0, 1, 0), Uint8Array.of(1, 1, 0, 0));
  expect(truth).toMatchObject({ wrong: 2, wrongSuspects: 1, counts: [2] });
  // By loss 0, 1, 2, 3: three of four pairs are in order, one of the first two is wrong.
  expect(truth.rankings.loss).toEqual({ auroc: 0.75, precision: [0.5] });
  expect(truth.rankings.margin).toEqual({ auroc: 0.75, precision: [0.5] });
  // Predictions have 0.9, 0.55, 0.8, 0.95, so the least sure first are 1, 2, 0, 3.
  expect(truth.rankings.confidence).toEqual({ auroc: 0.5, precision: [0.5] });
  expect(truth.curve).toEqual({
    counts: [4],
    precision: { loss: [0.5], margin: [0.5], confidence: [0.5] },
  });
});

test('without predictions the loss alone is measured', () => {
  const unknown = { ...table, predicted: new Int32Array(4).fill(-1), margin: new Float32Array(4).fill(Number.NaN) };
  const truth = measureAgainstTruth(unknown, Uint8Array.of(1, 1, 0, 0), new Uint8Array(4));
  expect(truth.rankings).toEqual({ loss: { auroc: 1, precision: [1] }, margin: null, confidence: null });
  expect(truth).toMatchObject({ wrongSuspects: null, curve: { precision: { margin: null, confidence: null } } });
});

test('labels that are all right have no ranking to measure', () => {
  const { wrong, counts, rankings } = measureAgainstTruth(table, new Uint8Array(4), new Uint8Array(4));
  expect([wrong, counts, rankings.loss]).toEqual([0, [], { auroc: null, precision: [] }]);
});

test('precision is taken at round numbers below that of the wrong labels, and at it', () => {
  const rows = 20_000;
  const many: LossTable = {
    ids: Uint32Array.from({ length: rows }, (_, id) => id),
    loss: Float32Array.from({ length: rows }, (_, id) => rows - id),
    labels: new Int32Array(rows),
    predicted: new Int32Array(rows).fill(1),
    margin: new Float32Array(rows).fill(-1),
  };
  const wrongUpTo = (count: number): Uint8Array => Uint8Array.from(many.ids, (id) => (id < count ? 1 : 0));
  const truth = measureAgainstTruth(many, wrongUpTo(5000), new Uint8Array(rows));
  expect(truth.counts).toEqual([100, 1000, 5000]);
  expect(truth.rankings.loss?.precision).toEqual([1, 1, 1]);
  expect(measureAgainstTruth(many, wrongUpTo(1050), new Uint8Array(rows)).counts).toEqual([100, 1050]);
  const { counts, precision } = truth.curve;
  expect([counts[0], counts.at(-1), precision.loss?.at(-1)]).toEqual([10, rows, 0.25]);
  expect([...counts]).toEqual([...new Set(counts)].sort((a, b) => a - b));
});
