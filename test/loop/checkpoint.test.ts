import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { encodeSafetensors } from '../../src/core/safetensors.ts';
import { float32 } from '../../src/core/tensor.ts';
import { type Checkpoint, readNewestCheckpoint, writeCheckpoint } from '../../src/loop/checkpoint.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

const folder = temporaryFolder();

function checkpointAt(step: number): Checkpoint {
  const tensors = { w: float32([step, -0, 1e-45], [3, 1]), 'w/moment1': float32([0.1], [1]) };
  const scores = { loss: Float32Array.of(step, 0.5), predicted: Int32Array.of(3, -1) };
  const ahead = new Map([
    [step, scores],
    [step + 1, { loss: Float32Array.of(Number.POSITIVE_INFINITY), predicted: Int32Array.of(1) }],
  ]);
  return { state: { step, tensors }, seconds: step / 3, ahead, known: null, eventBytes: 100 * step };
}

test('a checkpoint holds weights, moments, step, seconds, losses scored ahead and the length of the event file', async () => {
  await writeCheckpoint(folder.at('checkpoints'), checkpointAt(7));
  expect(await readNewestCheckpoint(folder.at('checkpoints'))).toEqual(checkpointAt(7));
});

test('the block that it was trained with goes with it', async () => {
  const { state, ...rest } = checkpointAt(8);
  const blocked = { ...rest, state: { ...state, block: 16 } };
  await writeCheckpoint(folder.at('blocked'), blocked);
  expect(await readNewestCheckpoint(folder.at('blocked'))).toEqual(blocked);
});

test('the newest by its step is read', async () => {
  for (const step of [9, 10, 100]) await writeCheckpoint(folder.at(), checkpointAt(step));
  expect((await readNewestCheckpoint(folder.at()))?.state.step).toBe(100);
});

test('the newest two are kept, and files of another name are left alone', async () => {
  await writeFile(folder.at('step-000000009.safetensors.1a2b3c4d.tmp'), 'cut off');
  await writeFile(folder.at('notes.txt'), 'mine');
  for (const step of [1, 2, 3, 4]) await writeCheckpoint(folder.at(), checkpointAt(step));
  expect((await readdir(folder.at())).sort()).toEqual([
    'notes.txt',
    'step-000000003.safetensors',
    'step-000000004.safetensors',
    'step-000000009.safetensors.1a2b3c4d.tmp',
  ]);
  expect(await readNewestCheckpoint(folder.at())).toEqual(checkpointAt(4));
});

test('without a checkpoint there is none', async () => {
  expect(await readNewestCheckpoint(folder.at('nothing'))).toBeUndefined();
  expect(await readNewestCheckpoint(folder.at())).toBeUndefined();
});

test('a checkpoint that is cut off or of another version is bad data', async () => {
  await writeCheckpoint(folder.at(), checkpointAt(1));
  const path = folder.at('step-000000001.safetensors');
  await writeFile(path, (await readFile(path)).subarray(0, -1));
  await expect(readNewestCheckpoint(folder.at())).rejects.toMatchObject({
    kind: 'data',
    message: expect.stringContaining(`Cannot read "${path}"`),
  });
  await writeFile(path, encodeSafetensors({ metadata: { version: '3', step: '1' }, tensors: {} }));
  await expect(readNewestCheckpoint(folder.at())).rejects.toMatchObject({
    kind: 'data',
    message: `Cannot resume from "${path}": it has version 3, this program reads versions 1 and 2; use the release that wrote it`,
  });
});

test('where the newest is damaged the one before is read, where all are it is said', async () => {
  for (const step of [1, 2]) await writeCheckpoint(folder.at(), checkpointAt(step));
  const [older, newer] = ['step-000000001.safetensors', 'step-000000002.safetensors'] as const;
  await writeFile(folder.at(newer), (await readFile(folder.at(newer))).subarray(0, 40));
  expect(await readNewestCheckpoint(folder.at())).toEqual(checkpointAt(1));
  await writeFile(folder.at(older), 'nothing');
  await expect(readNewestCheckpoint(folder.at())).rejects.toThrow(`Cannot read "${folder.at(newer)}"`);
});
