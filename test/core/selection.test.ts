import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Candidates, type StrategyName, selectTop, strategyNames, strategyOf } from '../../src/core/selection.ts';

const candidates: Candidates = {
  trainingLoss: Float32Array.of(2, 0.5, 3, 1.25),
  irreducibleLoss: Float32Array.of(0.25, 0.75, 3, 1.5),
  gradientNorm: Float32Array.of(1, 0.125, 1.25, 0.5),
};

/** Positions in the order of their scores for ids that equal their positions. */
function choose(scores: readonly number[], count: number, ids = scores.map((_, position) => position)): number[] {
  return [...selectTop(Float32Array.from(scores), Uint32Array.from(ids), count).chosen];
}

test.each<[StrategyName, readonly number[] | null]>([
  // Eq. 3: training loss minus irreducible loss.
  ['rho', [1.75, -0.25, 0, -0.25]],
  ['uniform', null],
  ['loss', [2, 0.5, 3, 1.25]],
  ['gradnorm', [1, 0.125, 1.25, 0.5]],
  ['il', [-0.25, -0.75, -3, -1.5]],
])('%s scores as it says', (name, expected) => {
  const scores = strategyOf(name).score?.(candidates) ?? null;
  expect(scores && [...scores]).toEqual(expected);
});

test('a strategy asks for what its score is made of and for nothing else', () => {
  for (const name of strategyNames) {
    const { needsGradientNorm, needsIrreducibleLoss, score } = strategyOf(name);
    const { trainingLoss, gradientNorm, irreducibleLoss } = candidates;
    const given: Candidates = {
      trainingLoss,
      ...(needsGradientNorm && { gradientNorm: gradientNorm! }),
      ...(needsIrreducibleLoss && { irreducibleLoss: irreducibleLoss! }),
    };
    expect(score?.(given), name).toEqual(score?.(candidates));
  }
  const needing = strategyNames.filter((name) => strategyOf(name).needsIrreducibleLoss);
  expect(needing).toEqual(['rho', 'il']);
});

test('rho takes what is worth learning, where loss takes outliers and il takes what is easy', () => {
  // A learnt point, a learnable one, an outlier with a wrong label.
  const three: Candidates = {
    trainingLoss: Float32Array.of(0.01, 2.5, 6),
    irreducibleLoss: Float32Array.of(0.01, 0.1, 5.9),
  };
  const firstBy = (name: StrategyName) => choose([...strategyOf(name).score!(three)], 1)[0];
  expect([firstBy('rho'), firstBy('loss'), firstBy('il')]).toEqual([1, 2, 0]);
});

test('the highest scores come first', () => {
  expect(choose([0.5, -1, 3, 2], 3)).toEqual([2, 3, 0]);
  expect(choose([0.5, -1, 3, 2], 4)).toEqual([2, 3, 0, 1]);
});

test('of equal scores the smaller id comes first, wherever it stands', () => {
  expect(choose([1, 1, 2, 1], 3, [40, 7, 50, 9])).toEqual([2, 1, 3]);
  expect(choose([0, -0, 0], 3, [3, 2, 1])).toEqual([2, 1, 0]);
});

test('infinite scores are the highest and the lowest', () => {
  const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
  expect(choose([least, 5, most, least, most], 5)).toEqual([2, 4, 1, 0, 3]);
});

test('what is not a number is never chosen, but counted', () => {
  const scores = Float32Array.of(Number.NaN, 1, Number.NaN, 3, 2);
  const { chosen, nan } = selectTop(scores, Uint32Array.of(0, 1, 2, 3, 4), 3);
  expect([...chosen]).toEqual([3, 4, 1]);
  expect(nan).toBe(2);
});

test('too few numbers end the run with a sentence that says how many are missing', () => {
  const scores = Float32Array.of(Number.NaN, 1, Number.NaN, 3);
  expect(() => selectTop(scores, Uint32Array.of(0, 1, 2, 3), 3)).toThrow(
    expect.objectContaining({
      kind: 'diverged',
      message: 'Cannot select 3 of 4 candidates: the loss of 2 is not a number, try a lower --lr',
    }),
  );
});

test('the choice is that of a plain sort', () => {
  // Few values, so that many are equal, among them all that are special.
  const score = fc.oneof(
    fc.constantFrom(0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    fc.float(),
  );
  const candidate = fc.record({ score, id: fc.nat(2 ** 32 - 1) });
  fc.assert(
    fc.property(fc.uniqueArray(candidate, { selector: ({ id }) => id, minLength: 1 }), fc.nat(), (all, pick) => {
      const numbers = all.filter((one) => !Number.isNaN(one.score));
      const count = pick % (numbers.length + 1);
      const sorted = numbers.toSorted((a, b) =>
        a.score > b.score ? -1 : a.score < b.score ? 1 : a.id < b.id ? -1 : 1,
      );
      const ids = Uint32Array.from(all, ({ id }) => id);
      const scores = Float32Array.from(all, (one) => one.score);
      const { chosen, nan } = selectTop(scores, ids, count);
      expect(Array.from(chosen, (position) => ids[position])).toEqual(sorted.slice(0, count).map(({ id }) => id));
      expect(nan).toBe(all.length - numbers.length);
    }),
  );
});
