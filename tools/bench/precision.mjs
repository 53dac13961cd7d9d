// What scoring in int8 and fp16 gains over fp32, and how well the order of the losses agrees, on the CPU:
//   npm run build && node tools/bench/precision.mjs [--threads 1] [--rounds 30] [--cpu] [--json] [name …]
// "per tensor" is the usual dynamic quantisation, one scale for all activations of a batch, for comparison. Variants take turns.
// --cpu counts processor time instead of the clock's, for one thread on a machine with other work.
// With RHO_DATA set (folders mnist, sst2, bert-vocab) MNIST is the whole one, and a transformer is trained on SST-2.
import { parseArgs } from 'node:util';
import { buildArchitecture } from '../../dist/architectures/architecture.js';
import { permutation, randomStream } from '../../dist/core/random.js';
import { rankAgreement } from '../../dist/core/rankAgreement.js';
import { openData } from '../../dist/data/open.js';
import { openTrainer } from '../../dist/engine/ort/openTrainer.js';
import { scoringModel } from '../../dist/engine/ort/scoringModel.js';
import { openSession, toOrt } from '../../dist/engine/ort/session.js';
import { feedsOf } from '../../dist/engine/scoreInRuns.js';
import { writeModel } from '../../dist/onnx/model.js';
import { producersOf, weightMatrix } from '../../dist/onnx/quantised/matrix.js';
import { scoreGraphIn } from '../../dist/onnx/quantised/scoreGraphIn.js';
import { quantisedMatrix } from '../../dist/onnx/quantised/weights.js';
import { scoreGraph } from '../../dist/onnx/scoreGraph.js';
import { randomBatch } from './models.mjs';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean' },
    cpu: { type: 'boolean' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '30' },
  },
  allowPositionals: true,
});
const threads = Number(values.threads);
const rounds = Number(values.rounds);
const variants = ['fp32', 'int8', 'per tensor', 'fp16'];
/** Examples whose order is compared; none of them was trained on. */
const compared = 5000;

const folder = process.env.RHO_DATA;
const digits = { data: folder ? `idx:${folder}/mnist` : 'idx:data/mnist-sample', steps: 1000, batch: 64 };
const phrases = { data: `tsv:${folder}/sst2`, vocab: `${folder}/bert-vocab/vocab.txt`, steps: 600, batch: 32 };
const image = { stored: { dtype: 'float32', dims: [3, 32, 32] }, preprocessing: { kind: 'none' } };
const text = {
  stored: { dtype: 'int32', dims: [64] },
  preprocessing: { kind: 'tokens', tokenizer: 'none', vocabulary: 1000, padding: 0 },
};
const cases = [
  { name: 'mlp:512,512 on digits', spec: 'mlp:512,512', trained: digits },
  { name: 'mlp:64 on digits', spec: 'mlp:64', trained: digits },
  ...(folder ? [{ name: 'transformer:2x128 on SST-2', spec: 'transformer:2x128', trained: phrases }] : []),
  {
    name: 'mlp:512,512 on float32',
    spec: 'mlp:512,512',
    stored: { dtype: 'float32', dims: [784] },
    preprocessing: { kind: 'none' },
  },
  { name: 'transformer:2x128, random', spec: 'transformer:2x128', ...text },
  { name: 'transformer:4x256, random', spec: 'transformer:4x256', ...text },
  { name: 'transformer:2x768 (two layers of BERT), random', spec: 'transformer:2x768', ...text },
  { name: 'cnn, random', spec: 'cnn', ...image },
];

const results = [];
for (const one of cases)
  if (positionals.length === 0 || positionals.some((word) => one.name.includes(word))) {
    const result = await measure(await prepared(one));
    results.push(result);
    if (!values.json) print(result);
  }
if (values.json) console.log(JSON.stringify({ threads, rounds, results }, null, 2));

/** A model, how it is fed, and batches that it is measured and compared on. */
async function prepared({ name, spec, trained, stored, preprocessing }) {
  if (trained === undefined) {
    const model = buildArchitecture(spec, { inputDims: stored.dims, classes: 10, seed: 0, preprocessing });
    return {
      name,
      model,
      feed: feedOf(name, [stored], preprocessing),
      gather: (count) => randomBatch({ stored, preprocessing }, count),
    };
  }
  const data = await openData(trained.data, 'train', trained.vocab ? { vocab: trained.vocab } : {});
  const inputDims = data.inputs[0].dims;
  const model = buildArchitecture(spec, {
    inputDims,
    classes: data.classes,
    seed: 0,
    preprocessing: data.preprocessing,
  });
  const order = permutation(data.length, randomStream(0, 'order'));
  const feed = feedOf(name, data.inputs, data.preprocessing);
  const trainer = await openTrainer(model, { ...feed, device: 'cpu', threads, smallBatch: trained.batch, seed: 0 });
  const seen = order.subarray(compared);
  for (let step = 0; step < trained.steps; step++) {
    const from = (step * trained.batch) % (seen.length - trained.batch);
    await trainer.step(await data.gather(seen.subarray(from, from + trained.batch)), 1e-3);
  }
  const weights = await trainer.weights();
  await trainer.close();
  const withWeights = {
    ...model,
    weights: new Map([...model.weights].map(([key, value]) => [key, weights.get(key) ?? value])),
  };
  const gather = (count) => data.gather(order.subarray(0, count));
  return { name, model: withWeights, feed, gather, compared: Math.min(compared, data.length) };
}

function feedOf(name, stored, preprocessing) {
  return { name, stored, preprocessing, outputs: ['loss'] };
}

async function measure({ name, model, feed, gather, compared: count }) {
  const plain = scoringModel(model, scoreGraph(model, feed), feed);
  const batch = await gather(plain.examplesPerRun);
  const opened = [];
  for (const variant of variants) {
    const graph = graphIn(variant, model, feed);
    const session = await openSession(writeModel(graph), { device: 'cpu', threads });
    const run = async (of) => (await session.run(feedsOf(of, plain.inputs, toOrt), { loss: null })).loss.data;
    opened.push({ variant, run, session, ms: [] });
  }
  for (let round = -2; round < rounds; round++)
    for (const { run, ms } of opened) {
      const began = now();
      await run(batch);
      if (round >= 0) ms.push(now() - began);
    }
  const examples = batch.labels.length;
  const [{ ms: reference }] = opened;
  const rows = opened.map(({ variant, ms }) => ({
    variant,
    perSecond: Math.round((1000 * examples) / Math.min(...ms)),
    factor: Math.min(...reference) / Math.min(...ms),
    medianFactor: median(ms.map((time, round) => reference[round] / time)),
  }));
  if (count !== undefined) {
    // In one batch, as a scale for the whole of it depends on it.
    const all = await gather(count);
    const losses = [];
    for (const { run } of opened) losses.push((await run(all)).slice());
    rows.forEach((row, index) => {
      Object.assign(row, rankAgreement(losses[0], losses[index]));
      row.largestError = losses[0].reduce((most, loss, i) => Math.max(most, Math.abs(loss - losses[index][i])), 0);
    });
  }
  for (const { session } of opened) await session.release();
  return { name, examples, compared: count ?? 0, rows };
}

function graphIn(variant, model, feed) {
  if (variant === 'per tensor') return perTensor(scoreGraph(model, feed));
  return scoreGraphIn(variant, model, feed);
}

/** A score graph with dynamic quantisation as onnxruntime.quantization writes it, of the products that int8 takes. */
function perTensor(graph) {
  const producers = producersOf(graph);
  const weights = new Map(graph.weights);
  const nodes = [];
  const add = (op, inputs, outputs, domain = '') =>
    nodes.push({ name: outputs[0], op, domain, inputs, outputs, attributes: {} });
  const quantised = new Set();
  for (const node of graph.nodes) {
    const [x, w, bias] = node.inputs;
    const matrix =
      ['Gemm', 'MatMul'].includes(node.op) && weightMatrix(graph, producers, w, node.attributes.transB?.value === 1);
    if (!matrix || matrix.rows * matrix.columns < 48 * (matrix.rows + matrix.columns)) {
      nodes.push(node);
      continue;
    }
    const { values: data, scales } = quantisedMatrix(matrix.data, {
      ...matrix,
      rowScales: null,
      rowShifts: null,
      factor: 1,
    });
    weights.set(`${w}/8`, { dtype: 'int8', dims: [matrix.rows, matrix.columns], data });
    weights.set(`${w}/scales`, { dtype: 'float32', dims: [matrix.columns], data: scales });
    if (!quantised.has(x)) add('DynamicQuantizeLinear', [x], [`${x}/8`, `${x}/scale`, `${x}/zero`]);
    quantised.add(x);
    const inputs = [`${x}/8`, `${w}/8`, `${x}/scale`, `${w}/scales`, `${x}/zero`];
    add('MatMulIntegerToFloat', bias ? [...inputs, '', bias] : inputs, node.outputs, 'com.microsoft');
  }
  return { ...graph, opsets: { ...graph.opsets, 'com.microsoft': 1 }, nodes, weights };
}

/** Milliseconds. */
function now() {
  const { user, system } = process.cpuUsage();
  return values.cpu ? (user + system) / 1000 : performance.now();
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function print({ name, examples, compared: count, rows }) {
  console.log(
    `\n${name}: ${examples} examples a run, ${threads} thread${threads === 1 ? '' : 's'}${count ? `; order of ${count}` : ''}`,
  );
  console.table(
    rows.map(({ variant, perSecond, factor, medianFactor, spearman, topTenthOverlap, largestError }) => ({
      variant,
      'per second': perSecond,
      'times fp32 (best)': Number(factor.toFixed(2)),
      '(median)': Number(medianFactor.toFixed(2)),
      ...(spearman === undefined
        ? {}
        : {
            spearman: Number(spearman.toFixed(5)),
            'top tenth': Number(topTenthOverlap.toFixed(3)),
            'largest error': Number(largestError.toFixed(4)),
          }),
    })),
  );
}
