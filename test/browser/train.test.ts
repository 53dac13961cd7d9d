import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StepEvent } from '../../src/loop/events.ts';
import type { CompareRequest } from '../../src/web/protocol.ts';
import { resultOf, rho, rhoJson, sharedFolder } from '../cli/rho.ts';
import { callInPage, download } from './inPage.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const folder = await sharedFolder();
const words = [
  ...['compare', '--data', 'idx:data/mnist-sample', '--noise', 'flip:0.4', '--strategy', 'rho,uniform'],
  ...['--model', 'mlp:64', '--holdout', '6000:3000', '--il-epochs', '1', '--steps', '80', '--eval-every', '40'],
];

function request(run: string, threads: number): CompareRequest {
  const options = {
    ...({ data: 'idx:/rho-loss/data/mnist-sample', noise: 'flip:0.4', strategies: ['rho', 'uniform'] } as const),
    ...{
      model: 'mlp:64',
      holdout: '6000:3000',
      ilEpochs: 1,
      steps: 80,
      evalEvery: 40,
      device: 'wasm' as const,
      threads,
    },
  };
  return { options, folder: run };
}

describe.skipIf(noBrowser !== null)(`training in the page (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  let open: OpenPage;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the command prints
  const accuracies: Record<string, any> = {};
  beforeAll(async () => {
    browser = await openBrowser();
    open = await browser.newPage();
    for (const device of ['cpu', 'wasm']) {
      const asked = [...words, '--device', device, '--threads', '1', '--out', folder.at(device)];
      accuracies[device] = (await rhoJson(...asked)).strategies;
    }
  });
  afterAll(() => browser?.close());

  test('on one thread of WebAssembly events and targets are those of the command line bit for bit', async () => {
    const { result, error, notices } = await callInPage(open.page, 'compare', request('/runs/straight', 1));
    expect(error).toBeUndefined();
    await download(open.page, '/runs/straight', folder.at('page'));
    for (const strategy of ['rho', 'uniform']) {
      const told = notices.flatMap((notice) =>
        notice.kind === 'events' && notice.folder === `/runs/straight/${strategy}` ? notice.events : [],
      );
      const { events, target } = await resultOf(folder.at('page', strategy));
      expect({ events, target }).toEqual(await resultOf(folder.at('wasm', strategy)));
      expect(told).toHaveLength(events.length);
      expect(result!.strategies[strategy]!.finalAccuracy).toEqual(accuracies.wasm[strategy].finalAccuracy);
      const near = accuracies.cpu[strategy].finalAccuracy.mean;
      expect(Math.abs(result!.strategies[strategy]!.finalAccuracy.mean! - near)).toBeLessThan(0.02);
    }
    expect(open.wrong).toEqual([]);
  });

  test('a run that was cancelled goes on after a reload and gives the same', async () => {
    const asked = request('/runs/cancelled', 1);
    const cancelled = await callInPage(open.page, 'compare', asked, { cancelAt: { label: 'rho', done: 20 } });
    expect(cancelled.error).toMatch(/^Interrupted after step \d+ of 80: start it again to go on$/);
    await open.page.reload();
    const { error } = await callInPage(open.page, 'compare', asked);
    expect(error).toBeUndefined();
    await download(open.page, '/runs/cancelled', folder.at('resumed'));
    expect(await resultOf(folder.at('resumed', 'rho'))).toEqual(await resultOf(folder.at('wasm', 'rho')));
  });

  test('several threads of WebAssembly reach the accuracy of the command line', async () => {
    const { result, error } = await callInPage(open.page, 'compare', request('/runs/threads', 2));
    expect(error).toBeUndefined();
    for (const strategy of ['rho', 'uniform']) {
      const { mean } = result!.strategies[strategy]!.finalAccuracy;
      expect(Math.abs(mean! - accuracies.cpu[strategy].finalAccuracy.mean)).toBeLessThan(0.02);
    }
  });

  test('with WebGPU the same points are selected, from losses that are near', async () => {
    const data = { data: 'idx:/rho-loss/data/mnist-sample', holdout: '10000:10000' };
    const model = '/rho-loss/models/mnist-sample-il/il.onnx';
    const store = '/stores/for-webgpu';
    await callInPage(open.page, 'score', { model, data, options: { device: 'wasm' }, folder: store });
    const steps: StepEvent[][] = [];
    for (const device of ['wasm', 'webgpu'] as const) {
      const options = { ...data, strategies: ['rho'] as const, irreducible: store, model: 'mlp:32', device, steps: 10 };
      const { error, notices } = await callInPage(open.page, 'compare', { options, folder: `/runs/${device}` });
      expect(error).toBeUndefined();
      const events = notices.flatMap((notice) => (notice.kind === 'events' ? notice.events : []));
      steps.push(events.filter((event): event is StepEvent => event.type === 'step'));
    }
    const [wasm, webgpu] = steps as [StepEvent[], StepEvent[]];
    expect(webgpu).toHaveLength(10);
    expect(webgpu.map(({ ids }) => ids)).toEqual(wasm.map(({ ids }) => ids));
    const lossesOf = (events: readonly StepEvent[]) => Float32Array.from(events, ({ loss }) => loss);
    expect(lossesOf(webgpu)).toBeAllClose(lossesOf(wasm), { rtol: 0, atol: 1e-4 });
  });

  test('a run of the page is one that rho report reads', async () => {
    const { code, stderr } = await rho('report', folder.at('page'));
    expect(code, stderr).toBe(0);
  });
});
