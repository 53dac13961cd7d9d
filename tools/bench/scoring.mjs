import { Worker } from 'node:worker_threads';
import { buildArchitecture } from '../../dist/architectures/architecture.js';
import { memoryDataset } from '../../dist/data/memoryDataset.js';
import { openScorer } from '../../dist/engine/ort/open.js';
import { scoreAll, scoringBatch } from '../../dist/loop/evaluate.js';
import { writeModel } from '../../dist/onnx/model.js';
import { fedInputs } from '../../dist/onnx/preprocess.js';
import { scoreGraph } from '../../dist/onnx/scoreGraph.js';

const examples = 1_000_000;
const distinct = 20_000;

/** Examples a second: a million through the scorer, and the same session in a bare loop over one batch that is ready. */
export async function benchScoring(architecture, threads) {
  const data = await memoryDataset({
    name: 'random',
    classes: 10,
    inputs: [
      {
        dtype: 'uint8',
        dims: [1, 28, 28],
        data: Uint8Array.from({ length: distinct * 784 }, (_, i) => (i * 7919) % 251),
      },
    ],
    labels: Int32Array.from({ length: distinct }, (_, i) => i % 10),
    preprocessing: { kind: 'standardize', scale: 1 / 255, mean: [0.1307], std: [0.3081] },
  });
  const model = buildArchitecture(architecture, { inputDims: [1, 28, 28], classes: 10, seed: 0 });
  const outputs = ['loss', 'predicted', 'margin'];
  const feed = { name: architecture, stored: data.inputs, preprocessing: data.preprocessing, outputs };
  return {
    scorer: await throughScorer(model, data, { ...feed, device: 'cpu', threads }),
    bare: await bareLoop(model, feed, threads),
  };
}

async function throughScorer(model, data, options) {
  const scorer = await openScorer(model, options);
  const ids = Uint32Array.from({ length: examples }, (_, i) => i % distinct);
  for await (const _ of scoreAll(scorer, data, ids.subarray(0, distinct), scoringBatch));
  const began = performance.now();
  for await (const _ of scoreAll(scorer, data, ids, scoringBatch));
  const seconds = (performance.now() - began) / 1000;
  await scorer.close();
  return examples / seconds;
}

/** In a thread too, as the session of the scorer is. */
function bareLoop(model, feed, threads) {
  const workerData = {
    bytes: writeModel(scoreGraph(model, feed)),
    input: fedInputs(model, feed)[0],
    outputs: feed.outputs,
    threads,
    batch: scoringBatch,
    examples,
  };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./bareLoop.mjs', import.meta.url), { workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
