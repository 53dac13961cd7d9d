import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RhoError } from '../../src/core/errors.ts';
import { countIds, parsePart, planShards, usualSpan } from '../../src/store/planShards.ts';

const ascending = fc.uniqueArray(fc.nat({ max: 5000 }), { maxLength: 300 }).map((ids) => Uint32Array.from(ids).sort());

test('shards hold the ids of their stretch of the grid', () => {
  const shards = planShards(Uint32Array.of(0, 3, 4, 7, 12, 15, 16), 4, null);
  expect(shards.map(({ number, ids }) => [number, ...ids])).toEqual([
    [0, 0, 3],
    [1, 4, 7],
    [3, 12, 15],
    [4, 16],
  ]);
});

test('every id is in one shard of one part, in order, whatever the parts', () => {
  fc.assert(
    fc.property(ascending, fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 9 }), (ids, span, of) => {
      const parts = Array.from({ length: of }, (_, i) => planShards(ids, span, { index: i + 1, of }));
      const shards = parts.flat();
      expect(shards.flatMap((shard) => [...shard.ids])).toEqual([...ids]);
      expect(new Set(shards.map(({ number }) => number)).size).toBe(shards.length);
      for (const shard of shards) for (const id of shard.ids) expect(Math.floor(id / span)).toBe(shard.number);
    }),
  );
});

test('parts differ by one shard at most', () => {
  const ids = Uint32Array.from({ length: 1000 }, (_, id) => id);
  const sizes = [1, 2, 3].map((index) => planShards(ids, 100, { index, of: 3 }).length);
  expect(sizes).toEqual([3, 3, 4]);
});

test('more parts than shards leave some without work', () => {
  const ids = Uint32Array.of(0, 1, 2);
  const counts = [1, 2, 3, 4].map((index) => countIds(planShards(ids, 2, { index, of: 4 })));
  expect(counts.reduce((sum, count) => sum + count)).toBe(3);
  expect(counts.filter((count) => count === 0).length).toBe(2);
});

test('data that grow leave whole shards as they are', () => {
  const before = planShards(
    Uint32Array.from({ length: 1000 }, (_, id) => id),
    300,
    null,
  );
  const after = planShards(
    Uint32Array.from({ length: 1500 }, (_, id) => id),
    300,
    null,
  );
  expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
});

test('a shard spans more ids where there are more, between two bounds', () => {
  expect([100, 262_144, 262_145, 10_000_000].map(usualSpan)).toEqual([4096, 4096, 8192, 65_536]);
});

test('a part is named by hand or taken from the index of a job', () => {
  expect(parsePart('3/8', undefined)).toEqual({ index: 3, of: 8 });
  expect(parsePart('auto/8', '0')).toEqual({ index: 1, of: 8 });
  expect(parsePart('auto/8', '7')).toEqual({ index: 8, of: 8 });
});

test('a part that is none is refused in one sentence', () => {
  const refusal = (text: string, jobIndex?: string) => {
    try {
      parsePart(text, jobIndex);
    } catch (error) {
      expect((error as RhoError).kind).toBe('usage');
      return (error as RhoError).message;
    }
    return 'accepted';
  };
  const expected = 'expected --shard i/n with i from 1 to n, or auto/n';
  for (const text of ['0/4', '5/4', '1/0', 'x/4', '1', '-1/4'])
    expect(refusal(text)).toBe(`Cannot take part "${text}" of the work: ${expected}`);
  expect(refusal('auto/4')).toBe(
    'Cannot take the part of --shard auto/4 from JOB_COMPLETION_INDEX: it is not set, expected a number from 0 up',
  );
  expect(refusal('auto/4', '4')).toContain('with JOB_COMPLETION_INDEX 4 of the work');
  expect(refusal('auto/4', 'first')).toContain('it is "first"');
});
