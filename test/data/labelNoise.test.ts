import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { fingerprintData } from '../../src/data/fingerprint.ts';
import { addLabelNoise } from '../../src/data/labelNoise.ts';
import { memoryDataset } from '../../src/data/memoryDataset.ts';

function labelled(labels: ArrayLike<number>, classes = 10): Promise<Dataset> {
  return memoryDataset({
    name: 'labels',
    classes,
    inputs: [{ dtype: 'uint8', dims: [1], data: Uint8Array.from(labels) }],
    labels: Int32Array.from(labels),
    preprocessing: { kind: 'none' },
  });
}

function changed({ labels, trueLabels }: Dataset): number {
  return labels.filter((label, id) => label !== trueLabels![id]).length;
}

const digits = await labelled(Array.from({ length: 10_000 }, (_, id) => id % 10));

test('the noise of a seed is the one it has always been', async () => {
  const { labels } = addLabelNoise(await labelled([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), 'flip:0.4', 0);
  expect([...labels]).toEqual([9, 1, 2, 3, 4, 5, 6, 5, 6, 0]);
});

test('flip changes exactly the share asked for, always to another class', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(4), { maxLength: 100 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer(),
      async (labels, share, seed) => {
        const noisy = addLabelNoise(await labelled(labels, 5), `flip:${share}`, seed);
        expect(changed(noisy)).toBe(Math.round(share * labels.length));
        expect([...noisy.trueLabels!]).toEqual(labels);
        expect(noisy.labels.every((label) => label >= 0 && label < 5)).toBe(true);
      },
    ),
  );
});

test('flip draws all other classes equally often', () => {
  const { labels } = addLabelNoise(digits, 'flip:1', 3);
  const counts = new Uint32Array(10);
  for (let id = 4; id < labels.length; id += 10) counts[labels[id]!]!++;
  expect(counts[4]).toBe(0);
  for (const to of [0, 1, 2, 3, 5, 6, 7, 8, 9]) expect(Math.abs(counts[to]! - 1000 / 9)).toBeLessThan(40);
});

test('uniform draws from all classes, so that a tenth of the points keeps its label', () => {
  const wrong = changed(addLabelNoise(digits, 'uniform:0.5', 0));
  expect(Math.abs(wrong - 4500)).toBeLessThan(100);
  expect(changed(addLabelNoise(digits, 'uniform:0', 0))).toBe(0);
});

test('pairs move a share of each class at once, so that no point moves twice', () => {
  const { labels, trueLabels } = addLabelNoise(digits, 'pairs:3>5,9>7,7>9,4>9:0.5', 0);
  const moves = new Map<string, number>();
  labels.forEach((label, id) => {
    if (label === trueLabels![id]) return;
    const move = `${trueLabels![id]}>${label}`;
    moves.set(move, (moves.get(move) ?? 0) + 1);
  });
  expect(Object.fromEntries(moves)).toEqual({ '3>5': 500, '9>7': 500, '7>9': 500, '4>9': 500 });
});

test('pairs round the count of each class', async () => {
  const noisy = addLabelNoise(await labelled([0, 0, 0, 1, 1, 1, 1, 1, 2], 3), 'pairs:0>2,1>2:0.5', 0);
  expect([...noisy.labels.slice(0, 3)].filter((label) => label === 2).length).toBe(2);
  expect([...noisy.labels.slice(3, 8)].filter((label) => label === 2).length).toBe(3);
});

test('batches carry the noisy labels, and the stored examples stay', async () => {
  const noisy = addLabelNoise(digits, 'flip:0.5', 1);
  const ids = [7, 7, 0, 9_999, 123];
  const batch = await noisy.gather(ids);
  expect([...batch.labels]).toEqual(ids.map((id) => noisy.labels[id]));
  expect(batch.inputs).toEqual((await digits.gather(ids)).inputs);
  expect(noisy.contentHash).toBe(digits.contentHash);
  expect(await fingerprintData(noisy)).not.toBe(await fingerprintData(digits));
});

test('none leaves the data set as it is', () => {
  expect(addLabelNoise(digits, 'none', 0)).toBe(digits);
});

test('known true labels outlast more noise', () => {
  const twice = addLabelNoise(addLabelNoise(digits, 'flip:0.1', 0), 'flip:0.1', 1);
  expect(twice.trueLabels).toBe(digits.labels);
});

test.each([
  '',
  'flip',
  'flip:',
  'flip:1.1',
  'flip:-0.1',
  'flip:x',
  'swap:0.1',
  'pairs:0.1',
  'uniform:0.1:0.2',
  'none:0',
])('the rule "%s" is refused', (rule) => {
  expect(() => addLabelNoise(digits, rule, 0)).toThrow(
    `Cannot add label noise by --noise "${rule}": expected none, uniform:R, flip:R or pairs:A>B,C>D:R, R from 0 to 1`,
  );
});

test.each([
  ['pairs:3>10:0.5', '3>10'],
  ['pairs:3>5,10>1:0.5', '10>1'],
  ['pairs:3>5,3>6:0.5', '3>6'],
  ['pairs:3>3:0.5', '3>3'],
  ['pairs:3>5,:0.5', ''],
  ['pairs:3>5>6:0.5', '3>5>6'],
])('the rule "%s" is refused for its pair "%s"', (rule, pair) => {
  expect(() => addLabelNoise(digits, rule, 0)).toThrow(
    `Cannot add label noise by --noise "${rule}": "${pair}" is not a pair A>B of two classes from 0 to 9, each class being A once at most`,
  );
});
