import { expect, test } from 'vitest';
import { closest } from '../../src/core/closest.ts';

test('names that hold what was typed come first, then those of few changes', () => {
  const names = ['conv1.weight', 'classifier/logits', 'losits', 'fc', 'head.Logits:0'];
  expect(closest('logits', names, 3)).toEqual(['head.Logits:0', 'classifier/logits', 'losits']);
});

test('a name is listed once, and no more than asked for', () => {
  expect(closest('b', ['a', 'a', 'b', 'c'], 2)).toEqual(['b', 'a']);
  expect(closest('b', [])).toEqual([]);
});
