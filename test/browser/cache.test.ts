import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StaticServer, serveFolder } from '../../src/runtime/staticServer.ts';
import type { ScoreRequest } from '../../src/web/protocol.ts';
import { root } from '../cli/rho.ts';
import { startInPage } from './jobInPage.ts';
import { browserPath, noBrowser } from './page.ts';

/** What was asked of the server, with the status of each answer. */
const asked: { readonly path: string; readonly status: number }[] = [];

/** Passes everything on to the server behind it, and notes it. */
async function openNotingHost(behind: string): Promise<Server> {
  const host = createServer(({ url = '/', headers }, response) => {
    get(new URL(url, behind), { headers }, (answer) => {
      asked.push({ path: url, status: answer.statusCode! });
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
  });
  await new Promise<void>((resolve) => host.listen(0, 'localhost', resolve));
  return host;
}

describe.skipIf(noBrowser !== null)(`what the page fetches (${noBrowser ?? 'in Chromium'})`, () => {
  let server: StaticServer;
  let host: Server;
  let context: BrowserContext;
  let profile = '';
  beforeAll(async () => {
    server = await serveFolder(join(root, 'dist/page'), 0);
    host = await openNotingHost(server.url);
    // A browser with a profile has its cache on the disk; others, as private windows, keep nothing of this size.
    profile = await mkdtemp(join(tmpdir(), 'rho-profile-'));
    context = await chromium.launchPersistentContext(profile, { executablePath: browserPath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await context?.close();
    host?.close();
    host?.closeAllConnections();
    await server?.close();
    await rm(profile, { recursive: true, force: true });
  });

  test('ONNX Runtime is fetched once, whatever number of workers computes, and after a reload not at all', async () => {
    const page = await context.newPage();
    const url = `http://localhost:${(host.address() as AddressInfo).port}/`;
    await page.goto(url);
    const score = async (folder: string) => {
      const request: ScoreRequest = {
        model: '/rho-loss/models/mnist-sample-il/il.onnx',
        data: { data: 'idx:/rho-loss/data/mnist-sample', holdout: '10000:2000' },
        options: { device: 'wasm', workers: 2, threads: 2 },
        folder,
      };
      const { result, error } = await (await startInPage(page, 'score', request)).ended();
      expect(error).toBeUndefined();
      expect(result.manifest.count).toBe(2000);
    };
    await score('/stores/first');
    await score('/stores/second');
    const times = (pattern: RegExp) => asked.filter(({ path }) => pattern.test(path)).length;
    expect(times(/ort-wasm-simd-threaded\.wasm$/)).toBe(1);
    expect(times(/ort-wasm-simd-threaded\.mjs$/)).toBe(1);
    expect(times(/assets\/worker-/)).toBe(1);
    expect(times(/assets\/jobWorker-/)).toBe(1);
    const before = asked.length;
    await page.reload();
    await score('/stores/third');
    const later = asked.slice(before);
    // What may have changed is asked for again, and not sent again.
    expect(
      later.every(({ status }) => status === 304),
      JSON.stringify(later),
    ).toBe(true);
    expect(later.filter(({ path }) => !/^\/($|rho-loss\.js$|sample\/)/.test(path))).toEqual([]);
  });
});
