import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../cli/rho.ts';
import { openHost } from './host.ts';
import { callInPage } from './inPage.ts';
import { noBrowser, type OpenBrowser, openBrowser } from './page.ts';

describe.skipIf(noBrowser !== null)(`the page (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test('fetches less than 300 kB to be looked at, and the runtime when it is used', async () => {
    const { page, wrong } = await browser.newPage();
    const sizes = new Map<string, number>();
    page.on('response', async (response) => {
      sizes.set(response.url(), Number(response.headers()['content-length']));
    });
    await page.reload({ waitUntil: 'networkidle' });
    expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
    expect([...sizes.keys()].filter((url) => /ort|worker/i.test(url))).toEqual([]);
    await page.click('#sample');
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    expect(await page.textContent('#status')).toMatch(/^10,000 examples, 10,000 scored in [\d.]+ s, mean loss 0\.172,/);
    expect([...sizes.keys()].filter((url) => url.endsWith('.wasm'))).toEqual([
      expect.stringMatching(/\/ort-wasm-simd-threaded[\w-]*\.wasm$/),
    ]);
    expect(await page.locator('#files a').count()).toBeGreaterThan(1);
    expect(wrong).toEqual([]);
    await page.close();
  });

  test('works under any path of a host that sends no headers, with one thread a session, and says why', async () => {
    const host = await openHost({ 'some/path': join(root, 'dist/page') }, { isolated: false });
    const { page, wrong } = await browser.newPage();
    try {
      await page.goto(`${host.url}some/path/`);
      const { result: diagnosis } = await callInPage(page, 'diagnose', null);
      expect(diagnosis!.threads).toBe(1);
      expect(diagnosis!.whyOneThread).toContain('Cross-Origin-Opener-Policy');
      const { result, error } = await callInPage(page, 'score', {
        model: '/rho-loss/models/mnist-sample-il/il.onnx',
        data: { data: 'idx:/rho-loss/data/mnist-sample', holdout: '10000:10000' },
        options: { device: 'wasm', threads: 2 },
        folder: '/stores/plain',
      });
      expect(error).toBeUndefined();
      expect(result!.scored).toBe(10_000);
      expect(wrong.filter((url) => !url.startsWith(host.url) && !url.startsWith('blob:'))).toEqual([]);
    } finally {
      await page.close();
      host.close();
    }
  });

  // What the page itself does blocks each time; other programs on the machine do not.
  test('does not block while a job runs, and while its losses are looked at', { retry: 2 }, async () => {
    const { page } = await browser.newPage();
    const { result: stores } = await callInPage(page, 'stores', null);
    for (const { folder } of stores!) await callInPage(page, 'remove', folder);
    await page.reload();
    await page.evaluate(() => {
      const long: number[] = [];
      Object.assign(globalThis, { long });
      new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({
        type: 'longtask',
      });
    });
    await page.click('#sample');
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    await page.waitForSelector('#look-highest img');
    await page.selectOption('#look-label', '3');
    await page.waitForFunction(() => !document.querySelector('#look-status')!.textContent!.startsWith('10,000'));
    await page.click('#look-highest li button');
    await page.waitForSelector('#details[open]');
    expect(await page.evaluate(() => (globalThis as unknown as { long: number[] }).long)).toEqual([]);
    await page.close();
  });
});
