import { buildArchitecture } from '../../dist/architectures/architecture.js';

const image = { stored: { dtype: 'float32', dims: [3, 32, 32] }, preprocessing: { kind: 'none' } };
const text = (vocabulary) => ({
  stored: { dtype: 'int32', dims: [64] },
  preprocessing: { kind: 'tokens', tokenizer: 'none', vocabulary, padding: 0 },
});

/** What is measured: an architecture, what it is fed with, and how many steps or batches a turn has. */
export const benchModels = [
  { spec: 'mlp:512,512', stored: { dtype: 'float32', dims: [784] }, preprocessing: { kind: 'none' }, perTurn: 40 },
  {
    spec: 'mlp:512,512',
    stored: { dtype: 'uint8', dims: [1, 28, 28] },
    preprocessing: { kind: 'standardize', scale: 1 / 255, mean: [0.1307], std: [0.3081] },
    perTurn: 40,
  },
  { spec: 'cnn', ...image, perTurn: 20 },
  { spec: 'resnet:16', ...image, perTurn: 12 },
  { spec: 'resnet:32', ...image, perTurn: 4 },
  { spec: 'transformer:2x128', ...text(1000), perTurn: 10 },
  { spec: 'transformer:2x128', ...text(30_522), perTurn: 10 },
];

export function nameOf({ spec, preprocessing }) {
  if (preprocessing.kind === 'standardize') return `${spec}, stored bytes`;
  return preprocessing.kind === 'tokens' ? `${spec}, ${preprocessing.vocabulary} words` : spec;
}

export function graphOf({ spec, stored, preprocessing }) {
  return buildArchitecture(spec, { inputDims: stored.dims, classes: 10, seed: 0, preprocessing });
}

/** Options of a scorer or trainer of the model. */
export function optionsOf({ spec, stored, preprocessing }, threads) {
  const outputs = ['loss'];
  return { name: spec, stored: [stored], preprocessing, device: 'cpu', threads, outputs, smallBatch: 32, seed: 0 };
}

/** Examples of random numbers, or of random words without padding. */
export function randomBatch({ stored, preprocessing }, size) {
  const dims = [size, ...stored.dims];
  const length = dims.reduce((product, dim) => product * dim, 1);
  const data =
    preprocessing.kind === 'tokens'
      ? Int32Array.from({ length }, () => 1 + Math.floor(Math.random() * (preprocessing.vocabulary - 1)))
      : stored.dtype === 'uint8'
        ? Uint8Array.from({ length }, () => Math.random() * 256)
        : Float32Array.from({ length }, () => Math.random() * 2 - 1);
  const labels = Int32Array.from({ length: size }, () => Math.floor(Math.random() * 10));
  return { inputs: [{ dtype: stored.dtype, dims, data }], labels };
}
