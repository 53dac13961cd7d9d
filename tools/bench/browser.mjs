import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
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

/** Digits of the sample, again and again, by the model: enough for a second or more. */
const cases = [
  { spec: 'mlp:64', examples: 200_000, file: join(root, 'models/mnist-sample-il/il.onnx') },
  { spec: 'mlp:512,512', examples: 100_000 },
  { spec: 'cnn', examples: 5000 },
];

/**
 * Scoring in a page, in turns with bare onnxruntime-web in workers of the same page, on the same runs of the same digits in
 * memory: one session with all threads, and for several threads a session of one thread in each of as many workers. Tells
 * `row` of pairs of examples a second; what of it fails is thrown. The job's time is that from its first batch to its last
 * shard, with reading the file, gathering, and writing the store.
 */
export async function benchBrowser({ threadCounts, specs, turns = 7 }, row, say) {
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

async function benchCase(page, folder, { spec, examples, file }, { threads, turns }, row) {
  const files = await writeDigits(folder, examples);
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
  await page.evaluate((options) => globalThis.openBare(options), { bare, peers });
  const pairs = Object.fromEntries(Object.keys(peers).map((peer) => [peer, []]));
  for (let turn = -1; turn < turns; turn++) {
    const ours = await page.evaluate((options) => globalThis.jobRate(options), { examples, threads });
    for (const peer of Object.keys(peers)) {
      const rate = await page.evaluate((options) => globalThis.bareRate(options), { peer, examples });
      if (Math.abs(rate.mean - ours.mean) > 1e-4)
        throw new Error(`the mean loss of ${spec} is ${ours.mean}, of its peer ${rate.mean}`);
      if (turn >= 0) pairs[peer].push({ ours: ours.rate, peer: rate.rate });
    }
  }
  await page.evaluate(() => globalThis.closeBare());
  for (const [peer, found] of Object.entries(pairs)) row(`browser ${spec}, examples/s, ${threads}`, peer, found);
}

/** The digits of the sample again and again as files of MNIST's names. */
async function writeDigits(folder, examples) {
  const paths = [];
  for (const [name, header, width] of [
    ['train-images-idx3-ubyte', 16, 784],
    ['train-labels-idx1-ubyte', 8, 1],
  ]) {
    const bytes = gunzipSync(await readFile(join(sample, `${name}.gz`)));
    const file = await open(join(folder, name), 'w');
    const begin = Buffer.from(bytes.subarray(0, header));
    begin.writeUInt32BE(examples, 4);
    await file.write(begin);
    const rows = bytes.subarray(header);
    for (let left = examples * width; left > 0; left -= rows.length)
      await file.write(rows.subarray(0, Math.min(left, rows.length)));
    await file.close();
    paths.push(join(folder, name));
  }
  return paths;
}

/** Runs in the page: what takes turns, as functions of it. */
async function preparePage() {
  const { startJobs } = await import('/rho-loss/rho-loss.js');
  const jobs = startJobs();
  const given = () => [...document.getElementById('files').files];
  let workers = {};
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
  const openBare = async ({ bare, peers }) => {
    const [images, labels] = given();
    for (const [peer, count] of Object.entries(peers)) {
      const threads = bare.threads / count;
      workers[peer] = Array.from({ length: count }, () => new Worker('/bench/bareInPage.mjs', { type: 'module' }));
      const open = { ...bare, threads, images, labels };
      await Promise.all(workers[peer].map((worker) => answer(worker, { open })));
    }
  };
  const bareRate = async ({ peer, examples }) => {
    const part = examples / workers[peer].length;
    const began = performance.now();
    const sums = await Promise.all(
      workers[peer].map((worker, i) => answer(worker, { from: i * part, to: (i + 1) * part })),
    );
    const seconds = (performance.now() - began) / 1000;
    return { rate: examples / seconds, mean: sums.reduce((total, { sum }) => total + sum, 0) / examples };
  };
  const closeBare = () => {
    for (const worker of Object.values(workers).flat()) worker.terminate();
    workers = {};
  };
  Object.assign(globalThis, { jobs, jobRate, openBare, bareRate, closeBare });
}

/** Runs in the page. */
async function webgpuWorks() {
  const { devices } = await globalThis.jobs.call('diagnose', null);
  const { works, reason } = devices.find(({ device }) => device === 'webgpu');
  return works ? 'works' : `does not work (${reason})`;
}
