import { expect, test } from 'vitest';
import { compareCommand } from '../../../src/commands/compare.ts';
import type { CompareOptions } from '../../../src/jobs/compare.ts';
import { usualData, usualTraining } from '../../../src/jobs/defaults.ts';
import { commandLine } from '../../../src/web/train/commandLine.ts';

const { dataSeed: _, ...data } = usualData;
const options: CompareOptions = {
  ...data,
  ...usualTraining,
  ...{ data: 'idx:/rho-loss/data/mnist-sample', irreducible: null, device: 'wasm', threads: 4 },
  ...{ steps: 300, epochs: null, strategies: ['rho', 'uniform'], dataSeeds: [0], targets: ['0.85', '0.9'] },
};

test('names what is not usual', () => {
  expect(commandLine({ ...options, lr: 0.01, noise: 'flip:0.4', checkpointEvery: 5 })).toBe(
    'rho compare --data idx:data/mnist-sample --strategy rho,uniform --seed 0 --data-seed 0 --target 0.85,0.9 --noise flip:0.4 --lr 0.01 --device wasm --steps 300',
  );
});

test('the command line takes it for the same', () => {
  const line = commandLine({ ...options, seeds: [0, 1], bigBatch: 64, model: '/runs/compare-1/model/model/a b.onnx' });
  expect(line).toContain(`--model 'a b.onnx'`);
  const words = line.replaceAll("'a b.onnx'", 'net.onnx').split(' ').slice(2);
  const read = compareCommand().exitOverride().parseOptions(words);
  expect(read.unknown).toEqual([]);
});
