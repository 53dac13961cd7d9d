import { expect, test } from 'vitest';
import { partLine } from '../../../src/web/train/parts.ts';

const strategies = ['uniform', 'rho'] as const;

test('tells what comes after the part that is under way', () => {
  expect(partLine('IL model mlp:64', { strategies })).toBe('1 of 3: irreducible losses, then uniform, then rho');
  expect(partLine('scoring', { strategies })).toBe('1 of 3: irreducible losses, then uniform, then rho');
  expect(partLine('uniform', { strategies })).toBe('2 of 3: uniform, then rho');
  expect(partLine('rho', { strategies })).toBe('3 of 3: rho');
});

test('losses that are there are no part, and each seed is one for each strategy', () => {
  expect(partLine('uniform', { strategies, irreducible: '/stores/digits' })).toBe('1 of 2: uniform, then rho');
  const seeds = [0, 1, 7];
  expect(partLine('uniform-seed-0', { strategies, seeds })).toBe(
    '2 of 7: uniform from seed 0, then rho from seed 0, then uniform from seed 1, then 3 more',
  );
  expect(partLine('rho-seed-7', { strategies, seeds })).toBe('7 of 7: rho from seed 7');
});
