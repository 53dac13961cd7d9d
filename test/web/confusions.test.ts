import { expect, test } from 'vitest';
import { countConfusions } from '../../src/web/look/confusions.ts';

test('counts labels, and pairs of label and prediction, the most frequent first', () => {
  const labels = Int32Array.of(0, 0, 1, 1, 1, 7, 7);
  const predicted = Int32Array.of(0, 1, 1, 1, 9, -1, 0);
  const { examples, pairs } = countConfusions({ labels, predicted });
  expect([...examples]).toEqual([
    [0, 2],
    [1, 3],
    [7, 2],
  ]);
  expect(pairs).toEqual([
    { label: 1, predicted: 1, count: 2 },
    { label: 0, predicted: 0, count: 1 },
    { label: 0, predicted: 1, count: 1 },
    { label: 1, predicted: 9, count: 1 },
    { label: 7, predicted: 0, count: 1 },
  ]);
});

test('knows no pair where no prediction is known', () => {
  const none = countConfusions({ labels: Int32Array.of(2, 2), predicted: Int32Array.of(-1, -1) });
  expect(none).toEqual({ examples: new Map([[2, 2]]), pairs: [] });
});
