import { mlp } from '../../dist/architectures/mlp.js';
import { openTrainer } from '../../dist/engine/ort/open.js';

const warmup = 50;
const steps = 300;

/** Median milliseconds of a train step of the MLP 784-512-512-10 at batch 32, messages to its thread included. */
export async function benchTrainStep(threads) {
  const model = mlp({ inputDims: [784], hidden: [512, 512], classes: 10, seed: 0 });
  const trainer = await openTrainer(model, {
    name: 'mlp',
    stored: [{ dtype: 'float32', dims: [784] }],
    preprocessing: { kind: 'none' },
    device: 'cpu',
    threads,
    outputs: ['loss'],
    smallBatch: 32,
    seed: 0,
  });
  const times = [];
  for (let step = 0; step < warmup + steps; step++) {
    const batch = randomBatch(32);
    const began = performance.now();
    await trainer.step(batch, 1e-3);
    times.push(performance.now() - began);
  }
  await trainer.close();
  return times.slice(warmup).sort((a, b) => a - b)[steps >> 1];
}

function randomBatch(size) {
  const data = Float32Array.from({ length: size * 784 }, () => Math.random() * 2 - 1);
  const labels = Int32Array.from({ length: size }, () => Math.floor(Math.random() * 10));
  return { inputs: [{ dtype: 'float32', dims: [size, 784], data }], labels };
}
