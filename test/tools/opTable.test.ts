import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { opTable } from '../../tools/makeOpTable.mjs';

test('docs/ops.md is what node tools/makeOpTable.mjs makes of the operators', () => {
  expect(readFileSync(new URL('../../docs/ops.md', import.meta.url), 'utf8')).toBe(opTable());
});

test('it tells what trains and what only scores', () => {
  const table = opTable();
  expect(table).toMatch(/^\| Conv \| yes \| yes \| /m);
  expect(table).toMatch(/^\| Shape \| yes \| - \| /m);
});
