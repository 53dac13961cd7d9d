import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import type { startJobs } from '../../src/web/jobs.ts';
import type { NamedFile } from '../../src/web/protocol.ts';
import type { sample } from '../../src/web/sample.ts';
import { root } from '../cli/rho.ts';

/** The browser that tests open. */
export const browserPath: string = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why there is no browser to test in; null where there is one. Tests that are skipped for it say so in their names. */
export const noBrowser: string | null = existsSync(browserPath)
  ? null
  : `skipped without a Chromium: "apt-get install chromium", or CHROMIUM=/path/to/it`;

/** What the page offers to the console. */
export interface RhoHandle {
  readonly startJobs: typeof startJobs;
  readonly fetchSample: () => Promise<NamedFile[]>;
  readonly sample: typeof sample;
}

/** A page of the browser that is open, and what it has said or asked for that it should not. */
export interface OpenPage {
  readonly page: Page;
  readonly wrong: readonly string[];
}

/** A browser with the page that is built, as `rho serve` serves it. WebGPU is played by software. */
export interface OpenBrowser {
  readonly url: string;
  /** One more page; all share the private file system of their origin. */
  newPage(): Promise<OpenPage>;
  close(): Promise<void>;
}

/** Starts the server and the browser. */
export async function openBrowser(): Promise<OpenBrowser> {
  if (!existsSync(join(root, 'dist/page/index.html')))
    throw new Error('The page is not built: run "npm run build:web" first');
  const server = spawn(process.execPath, [join(root, 'dist/cli.js'), 'serve', '--port', '0', '--json']);
  const url = await urlOf(server);
  const browser = await chromium.launch({
    executablePath: browserPath,
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
      await browser.close();
      server.kill('SIGINT');
      await once(server, 'exit');
    },
  };
}

async function urlOf(server: ChildProcess): Promise<string> {
  const [line] = await once(server.stdout!, 'data');
  return (JSON.parse(String(line)) as { readonly url: string }).url;
}
