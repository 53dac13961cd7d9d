import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import type { startJobs } from '../../src/web/jobs.ts';
import type { NamedFile } from '../../src/web/protocol.ts';
import { root } from '../cli/rho.ts';

/** The browser that tests open. */
export const browserPath: string = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why there is no browser to test in; null where there is one. Tests that are skipped for it say so in their names. */
export const noBrowser: string | null = existsSync(browserPath)
  ? null
  : `skipped without a Chromium: "apt-get install chromium", or CHROMIUM=/path/to/it`;

/** What tests call in a page, beside the page itself: the module for pages of one's own, and the sample by the paths of the package. */
export interface RhoHandle {
  readonly startJobs: typeof startJobs;
  readonly fetchSample: () => Promise<NamedFile[]>;
}

const sampleFiles = [
  'data/mnist-sample/train-images-idx3-ubyte.gz',
  'data/mnist-sample/train-labels-idx1-ubyte.gz',
  'data/mnist-sample/t10k-images-idx3-ubyte.gz',
  'data/mnist-sample/t10k-labels-idx1-ubyte.gz',
  'models/mnist-sample-il/il.onnx',
  'models/mnist-sample-il/il.json',
];

/** Puts a `RhoHandle` into the page as `globalThis.rho`, where there is none yet, as after a reload. */
export async function offerJobs(page: Page): Promise<void> {
  if (await page.evaluate(() => 'rho' in globalThis)) return;
  // As text, since vitest has a way of its own to import.
  const imported = `import(new URL('rho-loss.js', document.baseURI)).then(({ startJobs }) => { globalThis.rho = { startJobs }; })`;
  await page.evaluate(imported);
  await page.evaluate((files) => {
    const fetchSample = () =>
      Promise.all(
        files.map(async (file) => {
          const answer = await fetch(new URL(`sample/${file}`, document.baseURI));
          if (!answer.ok) throw new Error(`The sample lacks ${file}`);
          return { path: `/rho-loss/${file}`, file: await answer.blob() };
        }),
      );
    Object.assign((globalThis as unknown as { rho: object }).rho, { fetchSample });
  }, sampleFiles);
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
