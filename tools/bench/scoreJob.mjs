import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { buildArchitecture } from '../../dist/architectures/architecture.js';
import { scoringModel } from '../../dist/engine/ort/scoringModel.js';
import { openTrainingData } from '../../dist/jobs/experiment.js';
import { modelFrom } from '../../dist/jobs/model.js';
import { scoreToStore } from '../../dist/jobs/score.js';
import { writeModel } from '../../dist/onnx/model.js';
import { scoreGraph } from '../../dist/onnx/scoreGraph.js';

/** Both sides take turns, so that a machine that slows down slows both. */
const turns = 4;

/** What `rho score` is timed on: digits of MNIST's size and images of CIFAR's, as files of stored bytes. */
export const jobs = [
  { spec: 'mlp:512,512', examples: 1_000_000, dims: [1, 28, 28], write: writeIdx },
  { spec: 'cnn', examples: 20_000, dims: [3, 32, 32], write: writeCifar },
];

const numberAt = (i) => (i * 7919) % 251;

/**
 * Examples a second in each turn: of all that `rho score` does but opening data and sessions, beside a bare session that scores
 * one batch again and again, or beside itself with one worker and one thread.
 */
export async function benchScoreJob({ spec, examples, dims, write }, { threads, precision, peer = 'bare' }) {
  const folder = await mkdtemp(join(tmpdir(), 'rho-bench-'));
  try {
    const data = await write(folder, examples, dims);
    const training = await openTrainingData({ data, test: null, holdout: 'random:0', noise: 'none', dataSeed: 0 });
    const { inputs: stored, preprocessing } = training.data;
    const graph = buildArchitecture(spec, { inputDims: dims, classes: 10, seed: 0 });
    const model = modelFrom(writeModel(graph), spec);
    const outputs = ['loss', 'predicted', 'margin'];
    const feed = { name: spec, stored, preprocessing, outputs, device: 'cpu', threads };
    const bare = await openBareLoop(graph, feed, { dims, threads });
    const rate = async (options, store) => {
      const seconds = await jobSeconds(training, model, options, join(folder, store));
      return examples / seconds;
    };
    const results = [];
    for (let turn = -1; turn < turns; turn++) {
      const pair = {
        ours: await rate({ threads, precision }, `store${turn}`),
        peer: await (peer === 'bare'
          ? bare.rate(Math.min(examples, 100_000))
          : rate({ threads: 1, precision }, `alone${turn}`)),
      };
      if (turn >= 0) results.push(pair);
    }
    await bare.close();
    return results;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Seconds from the first example on to the manifest. */
async function jobSeconds(training, model, { threads, precision }, folder) {
  let began = 0;
  const quiet = () => undefined;
  const host = {
    progress: { start: () => (began = performance.now()), update: quiet, finish: quiet },
    say: quiet,
    signal: new AbortController().signal,
    afterInterrupt: () => '',
    begin: async () => undefined,
  };
  await scoreToStore(training, model, null, { split: 'all', device: 'cpu', threads, precision }, folder, host);
  return (performance.now() - began) / 1000;
}

/** In a thread too, as the sessions of the scorer are. */
async function openBareLoop(model, feed, { dims, threads }) {
  const { bytes, inputs, outputs, examplesPerRun } = scoringModel(model, scoreGraph(model, feed), feed);
  const workerData = { bytes, input: inputs[0], outputs, threads, dims, batch: examplesPerRun };
  const worker = new Worker(new URL('./bareLoop.mjs', import.meta.url), { workerData });
  return {
    async rate(count) {
      worker.postMessage(count);
      const [seconds] = await once(worker, 'message');
      return count / seconds;
    },
    close: () => worker.terminate(),
  };
}

async function writeIdx(folder, examples, dims) {
  const header = (magic, sizes) => {
    const bytes = Buffer.alloc(4 + 4 * sizes.length);
    bytes.writeUInt32BE(magic, 0);
    for (const [axis, size] of sizes.entries()) bytes.writeUInt32BE(size, 4 + 4 * axis);
    return bytes;
  };
  const pixels = dims[1] * dims[2];
  await writeRows(
    join(folder, 'train-images-idx3-ubyte'),
    header(0x803, [examples, ...dims.slice(1)]),
    examples,
    pixels,
  );
  const labels = Buffer.from({ length: examples }, (_, i) => i % 10);
  await writeRows(join(folder, 'train-labels-idx1-ubyte'), header(0x801, [examples]), examples, 1, labels);
  return `idx:${folder}`;
}

async function writeCifar(folder, examples) {
  const file = join(folder, 'images.bin');
  await writeRows(file, Buffer.alloc(0), examples, 3073, undefined, (row, at) => {
    row[at] = row[at] % 10;
  });
  return `cifar:${file}`;
}

/** A header, then rows of numbers that repeat after ten thousand of them. */
async function writeRows(path, header, rows, width, given, change = () => undefined) {
  const file = await open(path, 'w');
  await file.writeFile(header);
  if (given !== undefined) await file.writeFile(given);
  else {
    const some = 10_000;
    const block = Buffer.from({ length: some * width }, (_, i) => numberAt(i));
    for (let row = 0; row < some; row++) change(block, row * width);
    for (let done = 0; done < rows; done += some)
      await file.writeFile(block.subarray(0, Math.min(some, rows - done) * width));
  }
  await file.close();
}
