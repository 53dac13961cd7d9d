import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLossStore } from '../../src/store/readStore.ts';
import type { ScoreRequest } from '../../src/web/protocol.ts';
import { filesIn, rho, rhoJson, sharedFolder } from '../cli/rho.ts';
import { callInPage, download } from './inPage.ts';
import { startInPage } from './jobInPage.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser, type RhoHandle } from './page.ts';

const folder = await sharedFolder();
const model = 'models/mnist-sample-il/il.onnx';
const scoreWords = ['score', '--model', model, '--data', 'idx:data/mnist-sample', '--holdout', '10000:10000'];

function request(device: 'wasm' | 'webgpu', store: string, more: Partial<ScoreRequest['options']> = {}): ScoreRequest {
  return {
    model: `/rho-loss/${model}`,
    data: { data: 'idx:/rho-loss/data/mnist-sample', holdout: '10000:10000' },
    options: { device, threads: 2, ...more },
    folder: store,
  };
}

describe.skipIf(noBrowser !== null)(`scoring in the page (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  let open: OpenPage;
  beforeAll(async () => {
    browser = await openBrowser();
    open = await browser.newPage();
    for (const device of ['cpu', 'wasm'])
      await rhoJson(...scoreWords, '--device', device, '--threads', '2', '--out', folder.at(device));
  });
  afterAll(() => browser?.close());

  test('with WebAssembly the shards are those of the command line byte for byte', async () => {
    const { result, error } = await callInPage(open.page, 'score', request('wasm', '/stores/wasm'));
    expect(error).toBeUndefined();
    expect(result!.scored).toBe(10_000);
    await download(open.page, '/stores/wasm', folder.at('page-wasm'));
    const files = await filesIn(folder.at('wasm'));
    expect(await filesIn(folder.at('page-wasm'))).toEqual(files);
    for (const file of files.filter((file) => file.endsWith('.parquet')))
      expect(readFileSync(folder.at('page-wasm', file)).equals(readFileSync(folder.at('wasm', file)))).toBe(true);
    expect(open.wrong).toEqual([]);
  });

  test('what is downloaded is a store that rho train takes', async () => {
    const words = ['train', '--data', 'idx:data/mnist-sample', '--holdout', '10000:10000', '--steps', '20'];
    const { code, stderr } = await rho(
      ...words,
      ...['--irreducible', folder.at('page-wasm'), '--model', 'mlp:32', '--out', folder.at('trained')],
    );
    expect(code, stderr).toBe(0);
  });

  test.each(['wasm', 'webgpu'] as const)('the losses of %s are those of the CPU to 1e-4', async (device) => {
    const store = `/stores/near-${device}`;
    const { error } = await callInPage(open.page, 'score', request(device, store));
    expect(error).toBeUndefined();
    await download(open.page, store, folder.at(`near-${device}`));
    const [here, there] = await Promise.all(
      ['cpu', `near-${device}`].map(async (name) => (await openLossStore(folder.at(name))).readTable()),
    );
    expect(there!.ids).toEqual(here!.ids);
    expect(there!.labels).toEqual(here!.labels);
    expect(there!.loss).toBeAllClose(here!.loss, { rtol: 0, atol: 1e-4 });
    expect(open.wrong).toEqual([]);
  });

  test('a cancelled job says so, and after a reload it goes on from its last shard', async () => {
    const asked = request('wasm', '/stores/cancelled', { span: 500, workers: 1, threads: 1 });
    const cancelled = await callInPage(open.page, 'score', asked, { cancelAt: { label: 'scoring', done: 2000 } });
    expect(cancelled.error).toBe('Interrupted while scoring: start it again to go on');
    await open.page.reload();
    const { result, error, notices } = await callInPage(open.page, 'score', asked);
    expect(error).toBeUndefined();
    expect(result!.manifest.count).toBe(10_000);
    expect(result!.scored).toBeGreaterThan(0);
    expect(result!.scored).toBeLessThanOrEqual(9000);
    expect(notices).toContainEqual({
      kind: 'line',
      line: expect.stringMatching(/^\/stores\/cancelled: [\d,]+ examples are there already$/),
    });
  });

  test('two tabs do not write one store at the same time', async () => {
    const asked = request('wasm', '/stores/shared', { span: 100, workers: 1, threads: 1 });
    const other = await browser.newPage();
    const first = await startInPage(open.page, 'score', asked);
    await first.reached('scoring', 100);
    expect((await callInPage(other.page, 'score', asked)).error).toBe(
      'Cannot write loss store "/stores/shared": another tab is writing into it; wait for it to end, or close it',
    );
    expect((await first.ended()).result.manifest.count).toBe(10_000);
    await other.page.close();
  });

  test('what a worker that is ended was asked rejects, as what it is asked later', async () => {
    const errors = await open.page.evaluate(async () => {
      const jobs = (globalThis as unknown as { rho: RhoHandle }).rho.startJobs();
      const asked = jobs.call('diagnose', null);
      jobs.end();
      const ends = await Promise.allSettled([asked, jobs.call('stores', null)]);
      return [jobs.hasEnded(), ...ends.map((end) => end.status === 'rejected' && end.reason.message)];
    });
    const sentence = 'The worker of jobs was ended by its page; start another one';
    expect(errors).toEqual([true, sentence, sentence]);
  });

  test('what is wrong is a sentence', async () => {
    const wrongModel = { ...request('wasm', '/stores/none'), model: '/nowhere.onnx' };
    expect((await callInPage(open.page, 'score', wrongModel)).error).toBe('Cannot read "/nowhere.onnx": no such file');
    const notModel = { ...request('wasm', '/stores/none'), model: '/rho-loss/models/mnist-sample-il/il.json' };
    expect((await callInPage(open.page, 'score', notModel)).error).toMatch(/^Cannot .*il\.json/);
    const given = request('wasm', '/rho-loss/data/mnist-sample');
    expect((await callInPage(open.page, 'score', given)).error).toBe(
      'Cannot write loss store "/rho-loss/data/mnist-sample": the folder holds "t10k-images-idx3-ubyte.gz", which is no part of one; name a new folder',
    );
    const cpu = { ...request('wasm', '/stores/none'), options: { device: 'cpu' as const } };
    expect((await callInPage(open.page, 'score', cpu)).error).toBe(
      'Cannot use the device "cpu": onnxruntime-node does not load here (a browser has no device "cpu"); take webgpu or wasm',
    );
  });

  test('the page says what works here, and why', async () => {
    const { result } = await callInPage(open.page, 'diagnose', null);
    expect(result!.devices.map(({ device, works }) => [device, works])).toEqual([
      ['webgpu', true],
      ['wasm', true],
    ]);
    expect(result!.auto).toEqual({
      device: 'wasm',
      why: expect.stringMatching(/played by software here \(.*swiftshader/),
    });
    expect(result!.versions).toMatchObject({
      onnxruntime: '1.30.0 web',
      runtime: expect.stringMatching(/^chrome \d+$/),
    });
    expect(result!.whyOneThread).toBeNull();
  });
});
