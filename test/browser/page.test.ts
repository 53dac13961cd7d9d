import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../cli/rho.ts';
import { callInPage } from './inPage.ts';
import { noBrowser, type OpenBrowser, openBrowser } from './page.ts';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** The page under a path of a host that sends no headers of its own, as a plain host of static files. */
async function plainHost() {
  const server = createServer(({ url = '' }, response) => {
    const file = join(root, 'dist/page', url.slice('/some/path'.length).replace(/\/$/, '/index.html'));
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
    return response.end(readFileSync(file));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}/some/path/`, close: () => server.close() };
}

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
    const host = await plainHost();
    const { page, wrong } = await browser.newPage();
    try {
      await page.goto(host.url);
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
