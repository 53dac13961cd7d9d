import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { packIds } from '../../src/store/idSet.ts';
import type { LossTable } from '../../src/store/lossTable.ts';
import type { StoreDescription } from '../../src/store/manifest.ts';

export const dataFingerprint: string = '3f2a91bc'.repeat(8);
export const contentHash: string = '77aa11cc'.repeat(8);
export const modelFingerprint: string = '0123abcd'.repeat(8);

/** Four rows of a data set of eight examples, one of them mislabelled by the model. */
export const table: LossTable = {
  ids: Uint32Array.of(0, 2, 4, 6),
  loss: Float32Array.of(0.25, 1.5, 0.5, 0.75),
  labels: Int32Array.of(3, 1, 0, 2),
  predicted: Int32Array.of(3, 2, 0, 2),
  margin: Float32Array.of(0.6, -0.5, 0.25, 0.125),
};

/** Made for the even ids of eight examples by a model that was trained on the odd ones. */
export const description: StoreDescription = {
  created: '2026-11-22T12:00:00.000Z',
  writtenBy: { rhoLoss: '0.1.0', onnxruntime: '1.30.0', runtime: 'node 20.19.2' },
  data: {
    name: 'idx:sample',
    fingerprint: dataFingerprint,
    contentHash,
    length: 8,
    classes: 4,
    noise: 'flip:0.4',
    labels: null,
    vocab: null,
    tokens: null,
    imageSize: null,
    inputs: 'uint8[1,28,28]',
    decoder: null,
    holdout: 'even-odd',
    dataSeed: 7,
    split: 'target',
  },
  model: {
    name: 'mlp:64',
    fingerprint: modelFingerprint,
    architecture: 'mlp:64',
    trainedOn: { dataFingerprint, contentHash, ids: packIds([1, 3, 5, 7], 8) },
  },
  preprocessing: { kind: 'standardize', scale: 1 / 255, mean: [0.1307], std: [0.3081] },
  scoring: { device: 'cpu', precision: 'fp32', mode: 'eval' },
  part: null,
  span: 4096,
};

/** A folder of its own for each test of the file that calls this, removed afterwards. */
export function temporaryFolder(): { at(...names: string[]): string } {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rho-store-'));
  });
  afterEach(() => rm(root, { recursive: true }));
  return { at: (...names) => join(root, ...names) };
}
