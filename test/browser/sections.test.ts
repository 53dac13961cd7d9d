import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/onnx/model.ts';
import { filesIn, rho, rhoJson, root, sharedFolder } from '../cli/rho.ts';
import { callInPage, download } from './inPage.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const folder = await sharedFolder();
const model = join(root, 'models/mnist-sample-il/il.onnx');
const digits = ['train-images-idx3', 'train-labels-idx1'].map((name) =>
  join(root, `data/mnist-sample/${name}-ubyte.gz`),
);

describe.skipIf(noBrowser !== null)(`the sections of the page (${noBrowser ?? 'in Chromium'})`, () => {
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
  });
  afterEach(async () => {
    expect(open.wrong).toEqual([]);
    await page.close();
  });

  const text = async (selector: string) => (await page.textContent(selector))!.replace(/\s+/g, ' ').trim();

  /** Scores the sample, at once where an earlier test has. */
  async function scoreSample(): Promise<void> {
    await page.click('#sample');
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    // Its data are opened for pictures when the losses are shown already.
    await page.waitForSelector('#look-highest img');
  }

  test('the sample is chosen, scored and looked at', async () => {
    expect(await page.isDisabled('#score')).toBe(true);
    expect(await text('#missing')).toBe('Choose a model and data first.');
    await scoreSample();
    expect(await text('#status')).toMatch(
      /^10,000 examples, 10,000 scored in [\d.]+ s, mean loss 0\.172, 95\.\d% predicted as labelled\.$/,
    );
    expect(await text('#look-title')).toMatch(/^\d+ of 10,000 labels are suspect \(\d\.\d%\)$/);
    expect(await page.locator('#look-histogram svg[role=img] rect').count()).toBeGreaterThan(20);
    for (const list of ['#look-highest', '#look-lowest']) expect(await page.locator(`${list} li img`).count()).toBe(12);
    expect(await page.locator('.matrix td.right button').count()).toBe(10);
  });

  test('a filter shows examples of one label alone, and a cell of the table those of a pair', async () => {
    await scoreSample();
    await page.selectOption('#look-label', '3');
    await page.waitForFunction(
      () =>
        /^[\d,]+ of 10,000/.test(document.querySelector('#look-status')!.textContent!) &&
        !document.querySelector('#look-status')!.textContent!.startsWith('10,000'),
    );
    const labels = await page.locator('#look-highest li').allTextContents();
    for (const label of labels) expect(label).toMatch(/labelled 3 /);
    const cell = page.getByRole('button', { name: /examples labelled 4, predicted 9: show them$/ });
    const count = await cell.textContent();
    await cell.click();
    await page.waitForFunction(
      (count) => document.querySelector('#look-status')!.textContent === `${count} of 10,000 examples.`,
      count,
    );
    for (const card of await page.locator('#look-lowest li').allTextContents())
      expect(card).toMatch(/labelled 4 .*suggested 9 /);
    await page.click('#look-all');
    await page.waitForFunction(() => document.querySelector('#look-status')!.textContent!.startsWith('10,000 of'));
    await page.click('#look-more');
    await page.waitForFunction(() => document.querySelectorAll('#look-highest li').length === 36);
  });

  test('an example opens in full by the keyboard, and Escape closes it', async () => {
    await scoreSample();
    await page.locator('#look-highest li button').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('#details[open]');
    expect(await text('#details-title')).toMatch(/^Example \d+$/);
    expect(await text('#details-body')).toMatch(/label.*predicted.*irreducible loss.*margin/);
    const image = page.locator('#details img');
    await image.waitFor();
    expect(await image.evaluate((element) => (element as HTMLImageElement).naturalWidth)).toBe(28);
    await page.keyboard.press('Escape');
    expect(await page.locator('#details[open]').count()).toBe(0);
  });

  test('the .zip holds the very files of the store, which rho train takes', async () => {
    await scoreSample();
    const [saved] = await Promise.all([page.waitForEvent('download'), page.click('#zip')]);
    await saved.saveAs(folder.at('store.zip'));
    const name = saved.suggestedFilename().replace(/\.zip$/, '');
    expect(name).toMatch(/^mnist-sample-wasm-[0-9a-f]{8}$/);
    const files = unzipSync(readFileSync(folder.at('store.zip')));
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(dirname(folder.at('unzipped', path)), { recursive: true });
      await writeFile(folder.at('unzipped', path), bytes);
    }
    await download(page, `/stores/${name}`, folder.at('kept'));
    expect(Object.keys(files)).toEqual((await filesIn(folder.at('kept'))).map((file) => `${name}/${file}`));
    for (const [path, bytes] of Object.entries(files))
      expect(readFileSync(folder.at('kept', path.slice(name.length + 1))).equals(bytes)).toBe(true);
    const words = ['train', '--data', 'idx:data/mnist-sample', '--holdout', '10000:10000', '--steps', '5'];
    const store = folder.at('unzipped', name);
    const { code, stderr } = await rho(
      ...words,
      '--irreducible',
      store,
      '--model',
      'mlp:32',
      '--out',
      folder.at('trained'),
    );
    expect(code, stderr).toBe(0);
  });

  test('files of the disk are scored as on the command line, by the options of the card', async () => {
    await page.setInputFiles('#files-input', [model, model.replace('.onnx', '.json'), ...digits]);
    await page.waitForFunction(() => document.querySelector('#chosen-data')!.textContent !== 'none yet');
    expect(await text('#recognised')).toMatch(
      /^The model is il\.onnx, with its card.*The data are IDX images and labels/,
    );
    const card = JSON.parse(await readFile(model.replace('.onnx', '.json'), 'utf8'));
    expect(await page.inputValue('[name=holdout]')).toBe(card.data.holdout);
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    expect(await text('#status')).toMatch(/mean loss 0\.172/);
  });

  test('a store of the command line is looked at, with pictures as soon as its data are chosen', async () => {
    const words = ['score', '--model', model, '--data', 'idx:data/mnist-sample', '--holdout', '10000:10000'];
    await rhoJson(...words, '--noise', 'flip:0.1', '--out', folder.at('cli-store'));
    await page.setInputFiles('#folder-input', folder.at('cli-store'));
    await page.waitForSelector('#look-highest li');
    expect(await text('#look-title')).toMatch(/labels are suspect/);
    expect(await text('#look-hint')).toMatch(/^To see pictures, texts and names, choose the data/);
    expect(await page.locator('#look-highest img').count()).toBe(0);
    expect(await page.isVisible('#download')).toBe(false);
    await page.click('#sample');
    await page.waitForSelector('#look-highest img');
    expect(await text('#look-title')).toMatch(/of them truly wrong$/);
    expect(await text('#look-key')).toBe('label right, label wrong');
    expect(await text('#look-highest')).toMatch(/truly \d/);
  });

  test('scoring that was interrupted goes on after a reload', async () => {
    const request = {
      model: '/rho-loss/models/mnist-sample-il/il.onnx',
      data: { data: 'idx:/rho-loss/data/mnist-sample', holdout: '10000:10000' },
      options: { device: 'wasm' as const, threads: 1, workers: 1, span: 500 },
      folder: '/stores/interrupted',
    };
    await callInPage(page, 'score', request, { cancelAt: { label: 'scoring', done: 3000 } });
    await page.reload();
    const item = page.locator('#kept li', { hasText: 'interrupted' });
    await item.waitFor();
    expect(await item.textContent()).toMatch(/interrupted, [\d,]+ of 10,000 examples scored \(\d+\.\d%\)/);
    await item.getByRole('button', { name: /^Go on: MNIST sample, il\.onnx, wasm, .*: interrupted/ }).click();
    await page.waitForSelector('#status[data-state=done]');
    expect(await text('#status')).toMatch(/^10,000 examples, [\d,]+ scored/);
    expect(await text('#status')).not.toMatch(/10,000 scored/);
    expect(await text('#notes')).toMatch(/[\d,]+ examples are there already\./);
    await page.waitForSelector('#look-highest img');
    expect(await page.locator('#kept li', { hasText: 'interrupted,' }).count()).toBe(0);
    const count = await page.locator('#kept li').count();
    page.on('dialog', (dialog) => dialog.accept());
    // The newest is the first.
    await page
      .getByRole('button', { name: /^Remove: MNIST sample, il\.onnx, wasm, .*: 10,000 examples/ })
      .first()
      .click();
    await page.waitForFunction((count) => document.querySelectorAll('#kept li').length === count - 1, count);
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('kept-title');
  });

  test('a wrong file, dropped, is a sentence', async () => {
    const transfer = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['%PDF'], 'notes.pdf'));
      return transfer;
    });
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
    await page.waitForSelector('#recognised .problem');
    expect(await text('#recognised')).toMatch(
      /^Cannot use “notes\.pdf”: expected a model \(\.onnx\), labelled data .*run folder\.$/,
    );
    await page.setInputFiles('#files-input', { name: 'wrong.onnx', mimeType: '', buffer: Buffer.from('not a model') });
    await page.setInputFiles('#files-input', digits);
    await page.click('#score');
    await page.waitForSelector('#status[data-state=failed]');
    expect(await text('#status')).toMatch(/^Cannot .*"wrong\.onnx".*\.$/);
    expect(await page.isEnabled('#score')).toBe(true);
  });

  test('a model with an operator that nobody knows is a sentence, and the next model is scored', async () => {
    const graph = readModel(readFileSync(model), 'il.onnx');
    const nodes = graph.nodes.map((node, at) => (at === 0 ? { ...node, op: 'Unheard' } : node));
    const buffer = Buffer.from(writeModel({ ...graph, nodes }));
    await page.setInputFiles('#files-input', { name: 'odd.onnx', mimeType: '', buffer });
    await page.setInputFiles('#files-input', digits);
    await page.click('#score');
    await page.waitForSelector('#status[data-state=failed]');
    expect(await text('#status')).toMatch(/Unheard/);
    await scoreSample();
  });

  test('columns of a table are asked for', async () => {
    await page.setInputFiles('#files-input', {
      name: 'reviews.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('stars,words\n4,good\n1,bad\n'),
    });
    await page.waitForSelector('#columns:not([hidden])');
    expect(await text('#recognised')).toMatch(/Texts are cut by a vocabulary: give the vocab\.txt/);
    await page.click('#columns button');
    await page.waitForFunction(
      () => document.querySelector('#chosen-data')!.textContent === 'reviews.csv: texts in reviews.csv',
    );
    expect(await page.isVisible('#columns')).toBe(false);
  });

  test('says which devices there are, and what really works', async () => {
    const options = await page.locator('#device option').allTextContents();
    expect(options[0]).toMatch(/^WebGPU \(.*swiftshader.*, played by software\)$/);
    expect(options.at(-1)).toBe('WebAssembly, 1 thread');
    expect(await page.inputValue('#device')).toBe('wasm');
    await page.click('#try-devices');
    await page.waitForFunction(() => /WebAssembly works/.test(document.querySelector('#device-note')!.textContent!));
    expect(await text('#device-note')).toMatch(
      /^WebGPU works: .* WebAssembly works: .* ONNX Runtime 1\.30\.0 web, chrome \d+\./,
    );
  });

  test('why there is no WebGPU stands there once, before and after the devices are tried', async () => {
    await page.addInitScript(() => Object.defineProperty(navigator, 'gpu', { value: undefined }));
    await page.reload();
    await page.waitForFunction(() => /WebGPU/.test(document.querySelector('#device-note')!.textContent!));
    await page.click('#try-devices');
    await page.waitForFunction(() => /WebAssembly works/.test(document.querySelector('#device-note')!.textContent!));
    expect((await text('#device-note')).match(/WebGPU/g)).toHaveLength(1);
  });
});
