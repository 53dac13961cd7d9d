import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { mlp } from '../../src/architectures/mlp.ts';
import { writeModel } from '../../src/onnx/model.ts';
import { eventLines, expectRefusal, interrupt, rho, sharedFolder, writeDigits } from './rho.ts';

const folder = await sharedFolder();
const data = ['--data', `idx:${folder.at('digits')}`, '--holdout', '100:300'];
const target = ['--model', 'mlp:16', '--big-batch', '50', '--small-batch', '5', '--threads', '1'];

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 400, test: 50 });
});

test('an interrupted run does not go on with other data, and does with the old ones', async () => {
  const out = folder.at('run');
  const words = ['train', ...data, ...target, '--strategy', 'uniform', '--steps', '400', '--out', out];
  expect((await interrupt(words, 'SIGINT', () => eventLines(out) > 5)).code).toBe(130);
  const labels = folder.at('digits', 'train-labels-idx1-ubyte');
  const bytes = await readFile(labels);
  const changed = Buffer.from(bytes);
  changed[8] = (changed[8]! + 1) % 10;
  await writeFile(labels, changed);
  const sentence =
    /^rho: Cannot go on with ".*": it was begun with the training data [0-9a-f]{8}, this is [0-9a-f]{8};/;
  expectRefusal(await rho('train', '--resume', out), 3, sentence);
  await writeFile(labels, bytes);
  const resumed = await rho('train', '--resume', out);
  expect(resumed.code, resumed.stderr).toBe(0);
  expectRefusal(await rho('train', '--resume', out, '--steps', '9'), 2, 'Cannot use --steps with --resume');
});

test('a model that knows fewer classes than the data have is refused', async () => {
  const path = folder.at('three.onnx');
  await writeFile(path, writeModel(mlp({ inputDims: [1, 28, 28], hidden: [8], classes: 3, seed: 0 })));
  const sentence = `Cannot use "${path}" on these data: it knows 3 classes, the data have 10`;
  const words = ['train', ...data, '--strategy', 'uniform', '--steps', '2', '--big-batch', '50', '--small-batch', '5'];
  expectRefusal(await rho(...words, '--model', path, '--out', folder.at('a')), 3, sentence);
  expectRefusal(await rho('score', ...data, '--model', path, '--out', folder.at('b')), 3, sentence);
});

test('test data of another shape are refused', async () => {
  await writeDigits(folder.at('flat'), { train: 100, test: 50 });
  const images = folder.at('flat', 't10k-images-idx3-ubyte');
  const bytes = await readFile(images);
  bytes.writeUInt32BE(14, 8);
  bytes.writeUInt32BE(56, 12);
  await writeFile(images, bytes);
  const words = ['train', ...data, ...target, '--strategy', 'uniform', '--steps', '2', '--out', folder.at('c')];
  const sentence =
    /^rho: Cannot test on ".*": its examples are uint8 \[1, 14, 56\], those of ".*" are uint8 \[1, 28, 28\];/;
  expectRefusal(await rho(...words, '--test', `idx:${folder.at('flat')}`), 3, sentence);
});

test('a card of other bytes is not used, and that is said', async () => {
  const il = folder.at('il');
  const made = await rho('il', ...data, '--il-model', 'mlp:8', '--il-epochs', '1', '--threads', '1', '--out', il);
  expect(made.code, made.stderr).toBe(0);
  expectRefusal(await rho('il', ...data, '--il-model', 'mlp:8', '--out', il), 2, 'it is not empty');
  const renamed = folder.at('renamed.onnx');
  await copyFile(join(il, 'il.onnx'), renamed);
  const words = ['train', ...data, ...target, '--steps', '2', '--out', folder.at('d'), '--irreducible', renamed];
  const { code, stderr } = await rho(...words);
  expect([code, stderr]).toEqual([0, expect.stringContaining('it is not known what its IL model was trained on')]);
});
