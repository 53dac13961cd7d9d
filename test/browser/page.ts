import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { startJobs } from '../../src/web/jobs.ts';
import type { sample } from '../../src/web/sample.ts';
import { type Started, root, startRho } from '../cli/rho.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why there is no browser to test in; null where there is one. Tests that are skipped for it say so in their names. */
export const noBrowser: string | null = existsSync(executablePath)
  ? null
  : `skipped without a Chromium: "apt-get install chromium", or CHROMIUM=/path/to/it`;

/** What the page offers to the console. */
export interface RhoHandle {
  readonly startJobs: typeof startJobs;
  readonly fetchSample: () => Promise<{ path: string; file: Blob }[]>;
  readonly sample: typeof sample;
}

/** A browser with the page that is built, as `rho serve` serves it. WebGPU is played by software. */
export interface OpenBrowser {
  readonly url: string;
  /** A page with the private file system of all others; messages that should not be are in `wrong`. */
  newPage(): Promise<{ readonly page: Page; readonly wrong: readonly string[] }>;
  close(): Promise<void>;
}

/** Starts the server and the browser. */
export async function openBrowser(): Promise<OpenBrowser> {
  if (!existsSync(join(root, 'dist/page/index.html')))
    throw new Error('The page is not built: run "npm run build:web" first');
  const server = startRho(['serve', '--port', '0']);
  const url = await urlOf(server);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  });
  const context = await browser.newContext();
  return {
    url,
    async newPage() {
      const page = await context.newPage();
      const wrong: string[] = [];
      page.on('console', (message) => wrong.push(message.text()));
      page.on('pageerror', (error) => wrong.push(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url())) wrong.push(request.url());
      });
      await page.goto(url);
      return { page, wrong };
    },
    async close() {
      await closeQuietly(browser);
      server.child.kill('SIGINT');
      await server.ended;
    },
  };
}

async function closeQuietly(browser: Browser): Promise<void> {
  await browser.close();
}

async function urlOf(server: Started): Promise<string> {
  for (;;) {
    const url = /http:\S+\//.exec(server.stderr())?.[0];
    if (url !== undefined) return url;
    if (!server.isRunning()) throw new Error(server.stderr());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
