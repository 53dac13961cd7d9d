import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rhoJson, root, sharedFolder } from '../cli/rho.ts';
import { download } from './inPage.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const folder = await sharedFolder();
const model = join(root, 'models/mnist-sample-il/il.onnx');
const section = 'section#train';

describe.skipIf(noBrowser !== null)(`what is asked of a training on the page (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  let open: OpenPage;
  let page: Page;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    open = await browser.newPage();
    page = open.page;
    await page.waitForSelector('#train-steps');
  });
  afterEach(async () => {
    expect(open.wrong).toEqual([]);
    await page.close();
  });

  const note = () => page.textContent('#train-note');
  const start = () => page.click(`${section} button[type=submit]`);
  const offered = () => page.locator('#train-irreducible option').allTextContents();
  async function fillSmall(): Promise<void> {
    await page.selectOption('#train-model', 'mlp:64');
    await page.fill('#train-steps', '20');
  }
  /** Waits for the end of a training, and reads what the run that was begun last was asked for. */
  async function ended(into: string) {
    await page.waitForSelector(`${section}[data-state=done]`, { timeout: 60_000 });
    await download(page, '/runs', folder.at(into));
    const name = await page.evaluate(async () => {
      const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
      const names: string[] = [];
      for await (const name of (runs as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
      return names.sort().at(-1)!;
    });
    const read = async (file: string) => JSON.parse(await readFile(folder.at(into, name, file), 'utf8'));
    return { name, config: await read('config.json'), report: await read('report.json') };
  }

  test('how labels are made wrong is always said', async () => {
    const sample = '40% of whose labels are made wrong.';
    expect(await note()).toBe(`No data chosen: trains on the MNIST sample, ${sample}`);
    await page.click('#sample');
    expect(await note()).toBe(`Trains on MNIST sample, ${sample}`);
    await page.click(`${section} form summary`);
    await page.fill('#train-noise', 'none');
    expect(await note()).toBe('Trains on MNIST sample, with its labels as they are.');
  });

  test('losses that were scored are taken, with the options that they were scored by', async () => {
    expect(await offered()).toEqual(['train a model for them first']);
    await page.click('#sample');
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    await page.waitForFunction(() => document.querySelectorAll('#train-irreducible option').length === 2);
    expect((await offered())[1]).toMatch(/^scored here by il\.onnx: 10,000 examples, /);
    await page.selectOption('#train-irreducible', { index: 1 });
    expect(await note()).toBe('Trains on MNIST sample, with its labels as they are.');
    expect(await page.inputValue('#train-holdout')).toBe('10000:10000');
    for (const key of ['noise', 'holdout', 'ilModel', 'ilEpochs'])
      expect(await page.isDisabled(`#train-${key}`)).toBe(true);
    await fillSmall();
    await start();
    const { config, report } = await ended('scored');
    expect(config.options).toMatchObject({ noise: 'none', holdout: '10000:10000', strategies: ['uniform', 'rho'] });
    expect(config.options.irreducible).toMatch(/^\/stores\/mnist-sample-wasm-/);
    expect(config.command).toContain('--irreducible mnist-sample-wasm-');
    expect(report.il).toBe(null);
    expect(Object.keys(report.strategies)).toEqual(['uniform', 'rho']);
    // Back to a model that is trained.
    await page.selectOption('#train-irreducible', '');
    expect(await page.inputValue('#train-noise')).toBe('flip:0.4');
    expect(await page.isDisabled('#train-noise')).toBe(false);
  });

  test('a store that was given is taken, one of other data refused, and one that is kept of other data not offered', async () => {
    const words = ['--model', model, '--data', 'idx:data/mnist-sample', '--holdout', '10000:10000'];
    await rhoJson('score', ...words, '--noise', 'flip:0.1', '--out', folder.at('given-losses'));
    await page.setInputFiles('#folder-input', folder.at('given-losses'));
    await page.waitForFunction(() => document.querySelectorAll('#train-irreducible option').length === 3);
    expect((await offered()).sort()).toEqual([
      expect.stringMatching(/^given-losses, given: 10,000 examples, /),
      expect.stringMatching(/^scored here by il\.onnx/),
      'train a model for them first',
    ]);
    const given = page.locator('#train-irreducible option', { hasText: 'given-losses' });
    await page.selectOption('#train-irreducible', (await given.getAttribute('value'))!);
    expect(await note()).toBe('No data chosen: trains on the MNIST sample, 10% of whose labels are made wrong.');
    await fillSmall();
    await start();
    const { config } = await ended('given');
    expect(config.options).toMatchObject({ noise: 'flip:0.1', holdout: '10000:10000' });

    const digits = ['train', 't10k'].flatMap((part) =>
      ['images-idx3', 'labels-idx1'].map((kind) => join(root, `data/mnist-sample/${part}-${kind}-ubyte.gz`)),
    );
    const swapped = digits.map(async (path, index) => ({
      name: path.split('/').at(-1)!,
      mimeType: '',
      buffer: await readFile(digits[(index + 2) % 4]!),
    }));
    await page.setInputFiles('#files-input', await Promise.all(swapped));
    await page.waitForFunction(() => /^Trains on (?!MNIST)/.test(document.querySelector('#train-note')!.textContent!));
    expect((await offered()).filter((text) => text.startsWith('scored'))).toEqual([]);
    await start();
    await page.waitForSelector(`${section}[data-state=failed]`);
    expect(await page.textContent(`${section} [role=alert].failed`)).toMatch(/Cannot /);
  });

  test('the model that is chosen above is trained', async () => {
    await page.setInputFiles('#files-input', { name: 'net.onnx', mimeType: '', buffer: await readFile(model) });
    await page.waitForSelector('#train-model option[value=chosen]', { state: 'attached' });
    await fillSmall();
    await page.selectOption('#train-model', { label: 'net.onnx, chosen above' });
    expect(await page.isVisible(`${section} input[type=file]`)).toBe(false);
    await page.click(`${section} form summary`);
    await page.fill('#train-ilEpochs', '1');
    await start();
    const { name, config } = await ended('chosen');
    expect(config.options.model).toBe(`/runs/${name}/model/model/net.onnx`);
    expect(await readFile(folder.at('chosen', name, 'model/model/net.onnx'))).toEqual(await readFile(model));
  });

  test('what cannot be typed is said below its field, and nothing begins', async () => {
    await page.fill('#train-steps', '-5');
    await start();
    expect(await page.textContent('#train-steps-problem')).toBe('Give a whole number, 1 or more.');
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('train-steps');
    expect(await page.getAttribute('#train-steps', 'aria-invalid')).toBe('true');
    await page.fill('#train-steps', '5');
    expect(await page.textContent('#train-steps-problem')).toBe('');
    await page.click(`${section} form summary`);
    await page.fill('#train-seeds', '0;1');
    await page.click(`${section} form summary`);
    await page.selectOption('#train-model', 'own');
    await start();
    expect(await page.textContent('#train-seeds-problem')).toMatch(/such as 0, 1, 2\.$/);
    expect(await page.isVisible('#train-seeds')).toBe(true);
    expect(await page.textContent('#train-model-problem')).toMatch(/^Choose one \.onnx file/);
    expect(await page.getAttribute(section, 'data-state')).toBe(null);
  });
});
