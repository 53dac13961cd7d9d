import { expect, test } from 'vitest';
import { compareCommand } from '../../src/commands/compare.ts';
import { scoreCommand } from '../../src/commands/score.ts';
import { usualData, usualTraining } from '../../src/jobs/defaults.ts';

test('what is usual without a command line is what commands take', () => {
  const { seed: seeds, engine, dataSeed, ...compare } = compareCommand().opts();
  const { seeds: usualSeeds, engine: usualEngine, ...training } = usualTraining;
  for (const [name, value] of Object.entries(training)) expect([name, compare[name]]).toEqual([name, value]);
  expect(seeds).toEqual(usualSeeds);
  // What trains is chosen by the machine there.
  expect([engine, usualEngine]).toEqual(['auto', 'onnx']);
  expect(dataSeed).toEqual([usualData.dataSeed]);
  const score = scoreCommand().opts();
  const { test: _, ...data } = usualData;
  for (const [name, value] of Object.entries(data)) expect([name, score[name]]).toEqual([name, value]);
});
