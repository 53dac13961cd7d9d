import { expect, test } from 'vitest';
import { auditClasses } from '../../src/jobs/auditClasses.ts';
import type { LossTable } from '../../src/store/lossTable.ts';

const named = (label: number) => ({ label, name: label === 0 ? 'zero' : null });
const table: LossTable = {
  ids: Uint32Array.of(0, 1, 2, 3, 4, 5),
  loss: new Float32Array(6),
  labels: Int32Array.of(0, 2, 2, 2, 2, 0),
  predicted: Int32Array.of(1, 0, 1, 1, 2, 0),
  margin: new Float32Array(6),
};

test('suspects are counted by the label given and by the class suggested', () => {
  const marks = { suspects: Uint8Array.of(0, 1, 1, 1, 0, 0), wrong: Uint8Array.of(1, 0, 1, 0, 0, 0) };
  expect(auditClasses(table, marks, named)).toEqual([
    {
      given: { label: 2, name: null },
      ...{ examples: 4, suspects: 3, wrong: 1 },
      confusions: [
        { suggested: { label: 1, name: null }, count: 2 },
        { suggested: { label: 0, name: 'zero' }, count: 1 },
      ],
    },
    { given: { label: 0, name: 'zero' }, examples: 2, suspects: 0, wrong: 1, confusions: [] },
  ]);
});

test('what is not known is not counted', () => {
  expect(auditClasses(table, { suspects: null, wrong: null }, named)).toEqual([
    { given: { label: 0, name: 'zero' }, examples: 2, suspects: null, wrong: null, confusions: [] },
    { given: { label: 2, name: null }, examples: 4, suspects: null, wrong: null, confusions: [] },
  ]);
});
