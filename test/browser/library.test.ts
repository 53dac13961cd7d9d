import { statSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build, createServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import * as library from '../../src/index.ts';
import { writeModel } from '../../src/onnx/model.ts';
import { openLossStore } from '../../src/store/readStore.ts';
import { rhoJson, root, sharedFolder, writeDigits } from '../cli/rho.ts';
import { type Host, openHost } from './host.ts';
import { noBrowser, type OpenBrowser, openBrowser } from './page.ts';

const folder = await sharedFolder();
const example = join(root, 'docs/example');
const model = join(root, 'models/mnist-sample-il/il.onnx');

/** Chooses a model and the pair of files of a part of the digits, and scores them. */
async function scoreFiles(page: Page, il: string, part: 'train' | 't10k'): Promise<void> {
  await page.setInputFiles('[name="il.onnx"]', il);
  await page.setInputFiles('[name$="idx3-ubyte"]', folder.at('digits', `${part}-images-idx3-ubyte`));
  await page.setInputFiles('[name$="idx1-ubyte"]', folder.at('digits', `${part}-labels-idx1-ubyte`));
  await page.click('[name=score]');
  await page.waitForFunction(() => document.querySelector<HTMLButtonElement>('[name=score]')!.disabled === false);
}

/** What the example says when it has scored: ids and losses of the highest, which are those of the command line. */
async function expectLosses(page: Page): Promise<void> {
  await scoreFiles(page, model, 'train');
  const [first, ...lines] = (await page.textContent('#said'))!.split('\n');
  expect(first).toBe('Of 2000 examples these have the highest losses:');
  const { ids, loss } = await (await openLossStore(folder.at('store'))).readTable();
  const rows = [...ids.keys()].sort((a, b) => loss[b]! - loss[a]!).slice(0, 10);
  const pairs = lines.map((line) => line.split(': ').map(Number) as [number, number]);
  expect(pairs.map(([id]) => id)).toEqual(rows.map((row) => ids[row]!));
  expect(Float32Array.from(pairs, ([, value]) => value)).toBeAllClose(
    Float32Array.from(rows, (row) => loss[row]!),
    { rtol: 0, atol: 1e-4 },
  );
}

/** The example as a project of its own, which has installed the package. */
async function installExample(): Promise<string> {
  const project = folder.at('project');
  await cp(example, project, { recursive: true });
  const installed = join(project, 'node_modules/rho-loss');
  await mkdir(installed, { recursive: true });
  await cp(join(root, 'package.json'), join(installed, 'package.json'));
  await cp(join(root, 'dist'), join(installed, 'dist'), {
    recursive: true,
    filter: (path) => !path.startsWith(join(root, 'dist/page')),
  });
  for (const name of await readdir(join(root, 'node_modules')))
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name));
  return project;
}

describe.skipIf(noBrowser !== null)(`the library in a page of one's own (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  let project = '';
  beforeAll(async () => {
    browser = await openBrowser();
    await writeDigits(folder.at('digits'), { train: 2000, test: 10 });
    const words = ['--model', model, '--data', `idx:${folder.at('digits')}`, '--holdout', 'none', '--device', 'cpu'];
    await rhoJson('score', ...words, '--out', folder.at('store'));
    project = await installExample();
  });
  afterAll(() => browser?.close());

  /** Opens the example at `url`, which may ask no other host for anything, and says what it fetched. */
  async function runExample({ url }: Pick<Host, 'url'>): Promise<readonly string[]> {
    const { page, wrong } = await browser.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    try {
      await page.goto(url);
      await expectLosses(page);
      expect(wrong.filter((text) => !text.startsWith(url) && !/^\[vite\]|^blob:/.test(text))).toEqual([]);
      return asked;
    } finally {
      await page.close();
    }
  }

  test('without a bundler: static files, of which those of the other device are not fetched', async () => {
    const host = await openHost({ '': example, 'rho-loss': join(root, 'dist/page') });
    const asked = await runExample(host);
    host.close();
    expect([...new Set(asked.filter((url) => url.endsWith('.wasm')))]).toEqual([
      expect.stringMatching(/\/rho-loss\/onnxruntime-web-[\d.]+\/ort-wasm-simd-threaded\.wasm$/),
    ]);
  });

  test('nothing chosen is asked for, and after one model another one is scored on files of other names', async () => {
    const host = await openHost({ '': example, 'rho-loss': join(root, 'dist/page') });
    const { page, wrong } = await browser.newPage();
    await page.goto(host.url);
    await page.click('[name=score]');
    expect(await page.locator('input:invalid').count()).toBe(3);
    expect(await page.evaluate(() => document.activeElement!.getAttribute('name'))).toBe('il.onnx');
    expect(await page.textContent('#said')).toBe('');
    await expectLosses(page);
    const graph = buildArchitecture('mlp:4', {
      inputDims: [1, 28, 28],
      classes: 10,
      preprocessing: { kind: 'none' },
      seed: 1,
    });
    await writeFile(folder.at('other.onnx'), writeModel(graph));
    await scoreFiles(page, folder.at('other.onnx'), 't10k');
    expect(await page.textContent('#said')).toMatch(/^Of 10 examples these have the highest losses:\n\d+: /);
    expect(wrong.filter((text) => !text.startsWith(host.url))).toEqual([]);
    await page.close();
    host.close();
  });

  test('without a bundler, on a host that sends no headers', async () => {
    const host = await openHost({ '': example, 'rho-loss': join(root, 'dist/page') }, { isolated: false });
    await runExample(host);
    host.close();
  });

  test('built by Vite with the configuration of the example', async () => {
    await build({ root: project, base: './', logLevel: 'error' });
    const scripts = await readdir(join(project, 'dist/assets'));
    const own = scripts.filter((name) => /^index-.*\.js$/.test(name));
    // What the example does not use is left out.
    expect(own.map((name) => statSync(join(project, 'dist/assets', name)).size < 6000)).toEqual([true]);
    const host = await openHost({ 'some/path': join(project, 'dist') });
    await runExample({ url: `${host.url}some/path/` });
    host.close();
  });

  test('served by Vite while developing, with the configuration of the example', async () => {
    // Only here dependencies are links that lead out of the project.
    const server = await createServer({ root: project, logLevel: 'error', server: { port: 0, fs: { strict: false } } });
    await server.listen();
    try {
      await runExample({ url: server.resolvedUrls!.local[0]! });
    } finally {
      await server.close();
    }
  });

  test('the script of the example has no more than 25 lines', async () => {
    expect((await readFile(join(example, 'score.js'), 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(25);
  });

  test('a scorer of tensors, without files', async () => {
    const host = await openHost({ '': example, 'rho-loss': join(root, 'dist/page') });
    const { page } = await browser.newPage();
    await page.goto(host.url);
    const lossesOn = (device: string) => `
      const preprocessing = { kind: 'none' };
      const graph = buildArchitecture('mlp:4', { inputDims: [3], classes: 2, preprocessing, seed: 1 });
      const stored = [{ dtype: 'float32', dims: [3] }];
      const options = { name: 'mlp', stored, preprocessing, device: '${device}', threads: 1, outputs: ['loss'] };
      const scorer = await openScorer(graph, options);
      const inputs = [{ dtype: 'float32', dims: [2, 3], data: Float32Array.of(0, 0, 0, 1, 2, 3) }];
      const { loss } = await scorer.score({ inputs, labels: Int32Array.of(0, 1) });
      await scorer.close();
      return [...loss];`;
    // As text, since the imports of a function are rewritten for tests.
    const losses = (await page.evaluate(`(async () => {
      const { buildArchitecture, openScorer } = await import('${host.url}rho-loss/rho-loss.js');
      ${lossesOn('wasm')}
    })()`)) as number[];
    await page.close();
    host.close();
    const here = new Function('{ buildArchitecture, openScorer }', `return (async () => {${lossesOn('cpu')}})()`);
    expect(losses).toHaveLength(2);
    expect(Float32Array.from(losses)).toBeAllClose(Float32Array.from(await here(library)), { rtol: 0, atol: 1e-6 });
  });
});
