import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { buildArchitecture } from '../../dist/architectures/architecture.js';
import { scoringModel } from '../../dist/engine/ort/scoringModel.js';
import { openTrainingData } from '../../dist/jobs/experiment.js';
import { readModel, writeModel } from '../../dist/onnx/model.js';
import { scoreGraph } from '../../dist/onnx/scoreGraph.js';
import { serveFolder } from '../../dist/runtime/staticServer.js';

const root = join(import.meta.dirname, '../..');
const sample = join(root, 'data/mnist-sample');
const dims = [1, 28, 28];

/**
 * Digits of the sample, again and again: enough for some seconds by the model. They are packed, as MNIST is, and so in memory
 * when scoring begins; or plain, and read while it goes on, where what is fed to a small model is more than it computes.
 */
const cases = [
  { spec: 'mlp:64', examples: 200_000, file: join(root, 'models/mnist-sample-il/il.onnx') },
  { spec: 'mlp:64', examples: 200_000, file: join(root, 'models/mnist-sample-il/il.onnx'), plain: true },
  { spec: 'mlp:512,512', examples: 100_000 },
  { spec: 'cnn', examples: 5000 },
];

/**
 * Scoring in a page, in turns with bare onnxruntime-web in workers of the same page, on the same runs of the same digits in
 * memory: one session with all threads, and for several threads a session of one thread in each of as many workers. All begin
 * with workers of their own, whose WebAssembly the browser compiles while it runs. Tells `row` of pairs of examples a second.
 * The job's time is that from its first batch to its last shard, with gathering, writing the store and, of plain files, reading.
 */
export async function benchBrowser({ threadCounts, specs, turns = 5 }, row, say) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new Error(`browser skipped: there is no Chromium at ${executablePath}`);
  const folder = await mkdtemp(join(tmpdir(), 'rho-bench-'));
  const server = await serveFolder(folder, 0, {
    'rho-loss': join(root, 'dist/page'),
    ort: join(root, 'node_modules/onnxruntime-web/dist'),
    bench: import.meta.dirname,
  });
  const args = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    await writeFile(
      join(folder, 'index.html'),
      '<!doctype html><link rel="icon" href="data:,"><input id="files" type="file" multiple>',
    );
    await page.goto(server.url);
    await page.evaluate(preparePage);
    for (const each of cases.filter(({ spec }) => specs.length === 0 || specs.includes(spec)))
      for (const threads of threadCounts) await benchCase(page, folder, each, { threads, turns }, row);
    say(`webgpu: ${await page.evaluate(webgpuWorks)} with SwiftShader, whose rate says nothing of a GPU`);
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
}

async function benchCase(page, folder, { spec, examples, file, plain = false }, { threads, turns }, row) {
  const files = await writeDigits(folder, examples, plain);
  const data = { data: `idx:${folder}`, test: null, holdout: 'none', noise: 'none', dataSeed: 0 };
  const { preprocessing, inputs: stored } = (await openTrainingData(data)).data;
  const model =
    file === undefined
      ? buildArchitecture(spec, { inputDims: dims, classes: 10, preprocessing, seed: 0 })
      : readModel(await readFile(file), spec);
  await writeFile(join(folder, 'model.onnx'), writeModel(model));
  const outputs = ['loss', 'predicted', 'margin'];
  const feed = { name: spec, stored, preprocessing, outputs, device: 'wasm', threads };
  const { bytes, inputs, examplesPerRun } = scoringModel(model, scoreGraph(model, feed), feed);
  await writeFile(join(folder, 'graph.onnx'), bytes);
  await page.setInputFiles('#files', [...files, join(folder, 'model.onnx')]);
  const bare = { graph: '/graph.onnx', batch: examplesPerRun, dims, input: inputs[0], outputs, threads };
  const peers = threads === 1 ? { bare: 1 } : { bare: 1, 'bare, a worker a thread': threads };
  const pairs = Object.fromEntries(Object.keys(peers).map((peer) => [peer, []]));
  for (let turn = -1; turn < turns; turn++) {
    const ours = await page.evaluate((options) => globalThis.jobRate(options), { examples, threads });
    for (const peer of Object.keys(peers)) {
      const workers = peers[peer];
      const rate = await page.evaluate((options) => globalThis.bareRate(options), { bare, workers, examples });
      if (Math.abs(rate.mean - ours.mean) > 1e-4)
        throw new Error(`the mean loss of ${spec} is ${ours.mean}, of its peer ${rate.mean}`);
      if (turn >= 0) pairs[peer].push({ ours: ours.rate, peer: rate.rate });
    }
  }
  for (const [peer, found] of Object.entries(pairs))
    row(`browser ${spec}${plain ? ', plain file' : ''}, examples/s, ${threads}`, peer, found);
}

/** The digits of the sample again and again as files of MNIST's names. */
async function writeDigits(folder, examples, plain) {
  const paths = [];
  for (const [name, header, width] of [
    ['train-images-idx3-ubyte', 16, 784],
    ['train-labels-idx1-ubyte', 8, 1],
  ]) {
    const bytes = gunzipSync(await readFile(join(sample, `${name}.gz`)));
    const begin = Buffer.from(bytes.subarray(0, header));
    begin.writeUInt32BE(examples, 4);
    const path = join(folder, plain ? name : `${name}.gz`);
    await rm(join(folder, plain ? `${name}.gz` : name), { force: true });
    const rows = bytes.subarray(header);
    const parts = [begin];
    for (let left = examples * width; left > 0; left -= rows.length)
      parts.push(rows.subarray(0, Math.min(left, rows.length)));
    const whole = Buffer.concat(parts);
    await writeFile(path, plain ? whole : gzipSync(whole, { level: 1 }));
    paths.push(path);
  }
  return paths;
}

/** Runs in the page: what takes turns, as functions of it. */
async function preparePage() {
  const { startJobs } = await import('/rho-loss/rho-loss.js');
  const jobs = startJobs();
  const given = () => [...document.getElementById('files').files];
  const unpacked = (file) =>
    file.name.endsWith('.gz') ? new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).blob() : file;
  const answer = (worker, message) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(message);
    });
  const jobRate = async ({ examples, threads }) => {
    await jobs.call('remove', '/store');
    await jobs.call('give', {
      folder: '/given',
      files: given().map((file) => ({ path: `/given/${file.name}`, file })),
    });
    const request = {
      model: '/given/model.onnx',
      data: { data: 'idx:/given', holdout: 'none' },
      options: { device: 'wasm', threads },
      folder: '/store',
    };
    let seconds = 0;
    const onNotice = ({ progress }) => {
      if (progress?.label === 'scoring') seconds = progress.seconds;
    };
    const { manifest } = await jobs.call('score', request, { onNotice });
    return { rate: examples / seconds, mean: manifest.statistics.meanLoss };
  };
  const bareRate = async ({ bare, workers: count, examples }) => {
    const [images, labels] = await Promise.all(given().map(unpacked));
    const workers = Array.from({ length: count }, () => new Worker('/bench/bareInPage.mjs', { type: 'module' }));
    const open = { ...bare, threads: bare.threads / count, images, labels };
    await Promise.all(workers.map((worker) => answer(worker, { open })));
    const part = examples / count;
    const began = performance.now();
    const sums = await Promise.all(workers.map((worker, i) => answer(worker, { from: i * part, to: (i + 1) * part })));
    const seconds = (performance.now() - began) / 1000;
    for (const worker of workers) worker.terminate();
    return { rate: examples / seconds, mean: sums.reduce((total, { sum }) => total + sum, 0) / examples };
  };
  Object.assign(globalThis, { jobs, jobRate, bareRate });
}

/** Runs in the page. */
async function webgpuWorks() {
  const { devices } = await globalThis.jobs.call('diagnose', null);
  const { works, reason } = devices.find(({ device }) => device === 'webgpu');
  return works ? 'works' : `does not work (${reason})`;
}
