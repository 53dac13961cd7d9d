import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { buildArchitecture } from '../../dist/architectures/architecture.js';
import { permutation, randomStream } from '../../dist/core/random.js';
import { memoryDataset } from '../../dist/data/memoryDataset.js';
import { openScorer } from '../../dist/engine/ort/openScorer.js';
import { scoreAll, scoringBatch } from '../../dist/loop/evaluate.js';
import { writeModel } from '../../dist/onnx/model.js';
import { fedInputs } from '../../dist/onnx/preprocess.js';
import { scoreGraph } from '../../dist/onnx/scoreGraph.js';

const examples = 1_000_000;
/** Both sides take turns, so that a machine that slows down slows both. */
const turns = 20;
const perTurn = examples / turns;
const distinct = 20_000;

/** Examples a second in each turn: through the scorer, and by the same session in a bare loop over a batch that is ready. */
export async function benchScoring(architecture, threads) {
  const rows = {
    dtype: 'uint8',
    dims: [1, 28, 28],
    data: Uint8Array.from({ length: distinct * 784 }, (_, i) => (i * 7919) % 251),
  };
  const data = await memoryDataset({
    name: 'bench',
    classes: 10,
    inputs: [rows],
    labels: Int32Array.from({ length: distinct }, (_, i) => i % 10),
    preprocessing: { kind: 'standardize', scale: 1 / 255, mean: [0.1307], std: [0.3081] },
  });
  const model = buildArchitecture(architecture, { inputDims: [1, 28, 28], classes: 10, seed: 0 });
  const outputs = ['loss', 'predicted', 'margin'];
  const feed = { name: architecture, stored: data.inputs, preprocessing: data.preprocessing, outputs };
  const scorer = await openScorer(model, { ...feed, device: 'cpu', threads });
  const bare = await openBareLoop(model, feed, threads);
  const ids = permutation(perTurn, randomStream(0, 'bench')).map((id) => id % distinct);
  const throughScorer = async () => {
    for await (const _ of scoreAll(scorer, data, ids, scoringBatch));
  };
  const results = [];
  for (let turn = -2; turn < turns; turn++) {
    const pair = { ours: await rate(throughScorer), peer: await rate(() => bare.run(perTurn)) };
    if (turn >= 0) results.push(pair);
  }
  await scorer.close();
  await bare.close();
  return results;
}

async function rate(work) {
  const began = performance.now();
  await work();
  return perTurn / ((performance.now() - began) / 1000);
}

/** In a thread too, as the session of the scorer is. */
async function openBareLoop(model, feed, threads) {
  const workerData = {
    bytes: writeModel(scoreGraph(model, feed)),
    input: fedInputs(model, feed)[0],
    outputs: feed.outputs,
    threads,
    batch: 500,
  };
  const worker = new Worker(new URL('./bareLoop.mjs', import.meta.url), { workerData });
  return {
    async run(count) {
      worker.postMessage(count);
      await once(worker, 'message');
    },
    close: () => worker.terminate(),
  };
}
