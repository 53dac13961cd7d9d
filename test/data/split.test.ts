import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitHoldout } from '../../src/data/split.ts';

const length = fc.nat(300);
const seed = fc.integer();

function expectAscending(ids: Uint32Array) {
  for (let i = 1; i < ids.length; i++) expect(ids[i]!).toBeGreaterThan(ids[i - 1]!);
}

test('the split of a seed is the one it has always been', () => {
  const { holdout, target } = splitHoldout('random:0.5', 10, 0);
  expect([...holdout]).toEqual([0, 1, 2, 4, 6]);
  expect([...target]).toEqual([3, 5, 7, 8, 9]);
});

test('random:SHARE gives exactly that share, disjoint, covering and ascending', () => {
  fc.assert(
    fc.property(length, seed, fc.double({ min: 0, max: 1, noNaN: true }), (length, seed, share) => {
      const { holdout, target } = splitHoldout(`random:${share}`, length, seed);
      expect(holdout.length).toBe(Math.round(share * length));
      expectAscending(holdout);
      expectAscending(target);
      expect(new Set([...holdout, ...target]).size).toBe(length);
      expect(holdout.length + target.length).toBe(length);
    }),
  );
});

test('N:M gives exactly N and M ids without overlap', () => {
  fc.assert(
    fc.property(length, length, length, seed, (n, m, rest, seed) => {
      const { holdout, target } = splitHoldout(`${n}:${m}`, n + m + rest, seed);
      expect([holdout.length, target.length]).toEqual([n, m]);
      expectAscending(holdout);
      expectAscending(target);
      const all = new Set([...holdout, ...target]);
      expect(all.size).toBe(n + m);
      for (const id of all) expect(id).toBeLessThan(n + m + rest);
    }),
  );
});

test('even-odd gives the target even ids and the holdout odd ones', () => {
  const { holdout, target } = splitHoldout('even-odd', 7, 5);
  expect([...holdout]).toEqual([1, 3, 5]);
  expect([...target]).toEqual([0, 2, 4, 6]);
});

test('another data seed gives another split', () => {
  expect(splitHoldout('random:0.5', 100, 0)).not.toEqual(splitHoldout('random:0.5', 100, 1));
});

test.each(['', 'half', 'random:', 'random:1.5', 'random:-0.1', 'random:x', '5', '3:', '-1:2', '1:2:3'])(
  'the rule "%s" is refused',
  (rule) => {
    expect(() => splitHoldout(rule, 10, 0)).toThrow(
      `Cannot split the data by --holdout "${rule}": expected random:SHARE with a share from 0 to 1, even-odd, N:M or none`,
    );
  },
);

test('asking for more examples than there are is refused', () => {
  expect(() => splitHoldout('6:5', 10, 0)).toThrow(
    'Cannot split the data by --holdout "6:5": there are 10 examples, ask for no more',
  );
});

test('without a holdout all examples are the target', () => {
  const { holdout, target } = splitHoldout('none', 5, 0);
  expect([...holdout]).toEqual([]);
  expect([...target]).toEqual([0, 1, 2, 3, 4]);
});
