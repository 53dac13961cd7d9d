import { readdir } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLossStore } from '../../src/store/readStore.ts';
import type { ScoreRequest } from '../../src/web/protocol.ts';
import { readEventsOf, sharedFolder } from '../cli/rho.ts';
import { download } from './inPage.ts';
import { startInPage } from './jobInPage.ts';
import { noBrowser, type OpenBrowser, openBrowser } from './page.ts';

const folder = await sharedFolder();

/** The process that has the GPU ends, as when a driver fails: of every tab. */
async function loseGpu(page: Page): Promise<void> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  // The session ends without an answer in some versions.
  session.send('Browser.crashGpuProcess').catch(() => undefined);
}

describe.skipIf(noBrowser !== null)(`a GPU that is lost (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test('while it trains: going on gives the very steps that would have been made', { timeout: 180_000 }, async () => {
    const { page } = await browser.newPage();
    const data = { data: 'idx:/rho-loss/data/mnist-sample', holdout: '10000:2000' };
    const scoring: ScoreRequest = {
      ...{ model: '/rho-loss/models/mnist-sample-il/il.onnx', data, options: { device: 'wasm' } },
      folder: '/losses',
    };
    expect((await (await startInPage(page, 'score', scoring)).ended()).error).toBeUndefined();
    const sizes = { steps: 60, evalEvery: 60, bigBatch: 64, smallBatch: 16, checkpointEvery: 1 };
    const train = (folder: string) => {
      const options = { ...data, ...sizes, irreducible: '/losses', model: 'mlp:32', device: 'webgpu' } as const;
      return startInPage(page, 'compare', { folder, options: { ...options, strategies: ['rho'] } });
    };
    /** What each step chose, with which losses. */
    const stepsOf = async (run: string) => {
      await download(page, run, folder.at(run));
      const events = await readEventsOf(folder.at(run, 'rho'));
      return events.filter((event) => event.type === 'step').map(({ step, ids, loss }) => ({ step, ids, loss }));
    };
    expect((await (await train('/straight')).ended()).error).toBeUndefined();
    const straight = await stepsOf('/straight');
    expect(straight).toHaveLength(60);
    const job = await train('/lost');
    await job.reached('rho', 30);
    await loseGpu(page);
    expect((await job.ended()).error).toMatch(/lost|external Instance reference no longer exists/);
    expect((await (await train('/lost')).ended()).error).toBeUndefined();
    expect(await stepsOf('/lost')).toEqual(straight);
    await page.close();
  });

  test('while it scores: going on gives the very losses that would have been given', async () => {
    const { page } = await browser.newPage();
    await page.click('#sample');
    await page.click('#choose summary');
    await page.fill('[name=holdout]', '10000:6000');
    await page.selectOption('#device', 'webgpu');
    const state = (state: string) => page.waitForSelector(`#status[data-state=${state}]`);
    const losses = async (into: string) => {
      await download(page, '/stores', folder.at(into));
      const [name] = await readdir(folder.at(into));
      return (await openLossStore(folder.at(into, name!))).readTable();
    };
    await page.click('#score');
    await state('done');
    const straight = await losses('scored');
    expect(straight.ids).toHaveLength(6000);
    page.once('dialog', (dialog) => dialog.accept());
    await page.getByRole('button', { name: /^Remove: / }).click();
    await page.waitForSelector('#kept-block', { state: 'hidden' });
    await page.click('#score');
    await page.waitForFunction(() => document.querySelector<HTMLProgressElement>('#bar')!.value >= 4500, undefined, {
      polling: 10,
    });
    await loseGpu(page);
    await state('failed');
    // Which of the two depends on what the device was doing.
    expect(await page.textContent('#status')).toMatch(
      /^(Cannot go on with the device "webgpu": the browser lost its GPU( \(.*\))?|The GPU was lost: .* on another device)\.$/,
    );
    await page.getByRole('button', { name: /^Go on: .*interrupted, [1-9]/ }).click();
    await state('done');
    expect(await page.textContent('#status')).not.toMatch(/6,000 scored/);
    expect(await losses('lost-scored')).toEqual(straight);
    await page.close();
  });
});
