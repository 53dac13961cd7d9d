import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { mlp } from '../../dist/architectures/mlp.js';
import { openTrainer } from '../../dist/engine/ort/open.js';

const warmup = 50;
const turns = 20;
const stepsPerTurn = 40;

/**
 * Milliseconds of a train step of the MLP 784-512-512-10 at batch 32, ours (messages to its thread included) and PyTorch's,
 * in turns of 40 steps, medians of each turn. PyTorch waits passively, which is its faster way here and leaves the cores to us
 * in our turns, and flushes denormal numbers to zero, as we do: without that it would slow down as it converges.
 */
export async function benchTrainStep(threads) {
  const trainer = await openTrainer(mlp({ inputDims: [784], hidden: [512, 512], classes: 10, seed: 0 }), {
    name: 'mlp',
    stored: [{ dtype: 'float32', dims: [784] }],
    preprocessing: { kind: 'none' },
    device: 'cpu',
    threads,
    outputs: ['loss'],
    smallBatch: 32,
    seed: 0,
  });
  let torch;
  try {
    torch = await openTorch(threads);
    await oursFor(trainer, warmup);
    const pairs = [];
    for (let turn = 0; turn < turns; turn++) {
      pairs.push({ ours: await oursFor(trainer, stepsPerTurn), peer: await torch.run(stepsPerTurn) });
    }
    return pairs;
  } finally {
    torch?.close();
    await trainer.close();
  }
}

const batches = Array.from({ length: 16 }, () => randomBatch(32));

/** Steps are queued one ahead, as IL training queues them. */
async function oursFor(trainer, steps) {
  const times = [];
  let before = performance.now();
  let underWay;
  for (let step = 0; step < steps; step++) {
    // A copy, since the trainer takes the buffers away: what gathering a batch costs.
    const queued = trainer.step(structuredClone(batches[step % batches.length]), 1e-3);
    await underWay;
    underWay = queued;
    const now = performance.now();
    times.push(now - before);
    before = now;
  }
  await underWay;
  return times.slice(1).sort((a, b) => a - b)[steps >> 1];
}

/** A PyTorch that answers how long its steps take; rejects with its reason where it cannot run. */
async function openTorch(threads) {
  const command = ['tools/bench/torchMlp.py', '--threads', `${threads}`, '--turns', '--flush-denormal'];
  // Without these PyTorch may fetch fresh pages for its gradients at every step, which doubles its time, or may not: luck.
  const memory = { MALLOC_TRIM_THRESHOLD_: '2000000000', MALLOC_MMAP_THRESHOLD_: '2000000000' };
  const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE', ...memory };
  const child = spawn('/usr/bin/python3', command, { env });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`PyTorch did not run: ${complaint.trim().split('\n').at(-1)}`);
    return value;
  };
  await next();
  return {
    async run(steps) {
      child.stdin.write(`${steps}\n`);
      return Number(await next());
    },
    close: () => child.stdin.end(),
  };
}

function randomBatch(size) {
  const data = Float32Array.from({ length: size * 784 }, () => Math.random() * 2 - 1);
  const labels = Int32Array.from({ length: size }, () => Math.floor(Math.random() * 10));
  return { inputs: [{ dtype: 'float32', dims: [size, 784], data }], labels };
}
