import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { writeModel } from '../../src/onnx/model.ts';
import type { ScoreRequest } from '../../src/web/protocol.ts';
import { root, sharedFolder } from '../cli/rho.ts';
import { type HostOptions, openHost } from './host.ts';
import { startInPage } from './jobInPage.ts';
import { noBrowser, type OpenBrowser, openBrowser } from './page.ts';
import { residentBytes } from './residentBytes.ts';

const folder = await sharedFolder();
const model = '/rho-loss/models/mnist-sample-il/il.onnx';
const data = { data: 'idx:/rho-loss/data/mnist-sample', holdout: '10000:10000' };

/** The sample's scoring, in small shards, so that there is time for trouble. */
function slowly(device: 'wasm' | 'webgpu', store: string, count = 10_000): ScoreRequest {
  const options = { device, span: 200, workers: 1, threads: 1 };
  return { model, data: { ...data, holdout: `10000:${count}` }, options, folder: store };
}

/** Random pictures of CIFAR-10's size; the model does not mind that ten thousand of them come again and again. */
async function writePictures(path: string, count: number): Promise<void> {
  const some = Uint8Array.from({ length: 10_000 * 3073 }, (_, i) =>
    i % 3073 === 0 ? (i / 3073) % 10 : (i * 7919) % 251,
  );
  const file = await open(path, 'w');
  for (let done = 0; done < count; done += 10_000) await file.write(some.subarray(0, (count - done) * 3073));
  await file.close();
}

describe.skipIf(noBrowser !== null)(`trouble in the page (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
    const preprocessing = { kind: 'standardize', scale: 1 / 255, mean: [0.5], std: [0.25] } as const;
    const pictures = buildArchitecture('mlp:16', { inputDims: [3, 32, 32], classes: 10, preprocessing, seed: 1 });
    await writeFile(folder.at('pictures.onnx'), writeModel(pictures));
    const nodes = pictures.nodes.map((node) => (node.op === 'Relu' ? { ...node, op: 'Frobnicate' } : node));
    await writeFile(folder.at('unknown.onnx'), writeModel({ ...pictures, nodes }));
    await writePictures(folder.at('few.bin'), 10_000);
  });
  afterAll(() => browser?.close());

  test('a tab that is closed midway: the next one goes on from the last shard', async () => {
    const first = await browser.newPage();
    const job = await startInPage(first.page, 'score', slowly('wasm', '/stores/closed'));
    await job.reached('scoring', 3000);
    await first.page.close();
    const { page } = await browser.newPage();
    const { result, error } = await (await startInPage(page, 'score', slowly('wasm', '/stores/closed'))).ended();
    expect(error).toBeUndefined();
    expect(result.manifest.count).toBe(10_000);
    expect(result.scored).toBeGreaterThan(0);
    expect(result.scored).toBeLessThanOrEqual(8000);
    await page.close();
  });

  test('a GPU that is lost while it scores: a sentence at once, and the job goes on from the last shard', async () => {
    // Of its own, as the process that crashes is that of all tabs.
    const other = await openBrowser();
    const { page } = await other.newPage();
    const job = await startInPage(page, 'score', slowly('webgpu', '/stores/lost', 3000));
    await job.reached('scoring', 1000);
    const session = await page.context().browser()!.newBrowserCDPSession();
    // The session ends without an answer in some versions.
    session.send('Browser.crashGpuProcess').catch(() => undefined);
    const crashed = Date.now();
    expect((await job.ended()).error).toMatch(
      /^Cannot go on with the device "webgpu": the browser lost its GPU( \(.*\))?; start it again to go on from what is written$/,
    );
    expect(Date.now() - crashed).toBeLessThan(5000);
    const { result, error } = await (await startInPage(page, 'score', slowly('webgpu', '/stores/lost', 3000))).ended();
    expect(error).toBeUndefined();
    expect(result.manifest.count).toBe(3000);
    expect(result.scored).toBeLessThan(3000);
    await other.close();
  });

  test('a worker that fails: a sentence, and the next job works', async () => {
    const { page } = await browser.newPage();
    const job = await startInPage(page, 'score', slowly('wasm', '/stores/failed'));
    await job.reached('scoring', 600);
    const scorer = page.workers().find((worker) => /\/worker-/.test(worker.url()))!;
    await scorer.evaluate(() => {
      setTimeout(() => {
        throw new Error('out of memory');
      });
    });
    expect((await job.ended()).error).toMatch(/^The scorer thread ended: out of memory$/);
    const { result } = await (await startInPage(page, 'score', slowly('wasm', '/stores/failed'))).ended();
    expect(result.manifest.count).toBe(10_000);
    await page.close();
  });

  test('data of 300 MB are never in memory at once', async () => {
    await writePictures(folder.at('many.bin'), 100_000);
    const peaks: number[] = [];
    for (const name of ['few', 'many']) {
      const { page } = await browser.newPage();
      const request: ScoreRequest = {
        model: '/given/pictures.onnx',
        data: { data: 'cifar:/given/data_batch_1.bin', holdout: 'none' },
        options: { device: 'wasm', threads: 2 },
        folder: `/stores/${name}`,
      };
      const given = {
        '/given/pictures.onnx': folder.at('pictures.onnx'),
        '/given/data_batch_1.bin': folder.at(`${name}.bin`),
      };
      const job = await startInPage(page, 'score', request, given);
      let [peak, isOver] = [0, false];
      const ended = job.ended().finally(() => {
        isOver = true;
      });
      while (!isOver) {
        peak = Math.max(peak, await residentBytes(page));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const { result, error } = await ended;
      expect(error).toBeUndefined();
      expect(result.scored).toBe(name === 'few' ? 10_000 : 100_000);
      peaks.push(peak);
      await page.close();
    }
    if (process.env.RHO_FIGURES) console.log(`peaks: ${peaks}`);
    // Of 277 MB more, less than a third is there at any time.
    expect(peaks[1]! - peaks[0]!).toBeLessThan(90e6);
  });

  test.each([
    ['pictures.onnx', /^Cannot .*\/given\/pictures\.onnx.*\[3, 32, 32\]|^Cannot .*3072/],
    ['unknown.onnx', /^Cannot .*Frobnicate/],
    ['few.bin', /^Cannot .*\/given\/few\.bin/],
  ])('the wrong model %s: a sentence', async (name, sentence) => {
    const { page } = await browser.newPage();
    const isPictures = name === 'pictures.onnx';
    const request: ScoreRequest = {
      model: `/given/${name}`,
      data: isPictures ? data : { data: 'cifar:/given/data_batch_1.bin', holdout: 'none' },
      options: { device: 'wasm' },
      folder: '/stores/wrong',
    };
    const given = { [`/given/${name}`]: folder.at(name), '/given/data_batch_1.bin': folder.at('few.bin') };
    const { error } = await (await startInPage(page, 'score', request, given)).ended();
    if (process.env.RHO_FIGURES) console.log(error);
    expect(error).toMatch(sentence);
    expect(error).not.toContain('\n');
    await page.close();
  });

  test.each<[string, HostOptions, RegExp]>([
    [
      'lacks the WebAssembly of ONNX Runtime',
      { lacks: /simd-threaded\.wasm$/ },
      /^Cannot use the device "wasm": the host has no file http:.*\/ort-wasm-simd-threaded\.wasm of ONNX Runtime \(status 404\)/,
    ],
    [
      'lacks its loader',
      { lacks: /simd-threaded\.mjs$/ },
      /^Cannot use the device "wasm": the host has no file http:.*\/ort-wasm-simd-threaded\.mjs of ONNX Runtime \(status 404\)/,
    ],
    [
      'gives pages in place of what it lacks',
      { instead: { missing: /simd-threaded/, type: 'text/html' } },
      /^Cannot use the device "wasm": the host gives ONNX Runtime's file http:.*\.mjs as "text\/html", expected "text\/javascript"/,
    ],
    [
      'does not know the ending .mjs',
      { instead: { missing: /simd-threaded\.mjs/, type: 'application/octet-stream' } },
      /^Cannot use the device "wasm": .*as "application\/octet-stream", expected "text\/javascript"/,
    ],
    [
      'lacks the module of the workers that compute',
      { lacks: /assets\/worker-/ },
      /^The scorer thread ended: its module does not load$/,
    ],
    [
      'lacks the module of the worker of jobs',
      { lacks: /assets\/jobWorker-/ },
      /^The worker of jobs ended: its module does not load; reload the page to go on$/,
    ],
  ])('a host that %s: a sentence', async (_, options, sentence) => {
    const host = await openHost({ '': join(root, 'dist/page') }, options);
    const { page } = await browser.newPage();
    await page.goto(host.url);
    const failed = startInPage(page, 'score', slowly('wasm', '/stores/host')).then(
      (job) => job.ended(),
      // Where already giving files fails.
      (error: Error) => ({ error: error.message.replace(/^page\.evaluate: (\w*Error: )?/, '').split('\n')[0] }),
    );
    if (process.env.RHO_FIGURES) console.log((await failed).error);
    expect((await failed).error).toMatch(sentence);
    await page.close();
    host.close();
  });
});
