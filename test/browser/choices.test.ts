import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { writeModel } from '../../src/onnx/model.ts';
import { openLossStore } from '../../src/store/readStore.ts';
import { rhoJson, root, sharedFolder } from '../cli/rho.ts';
import { callInPage, download } from './inPage.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const folder = await sharedFolder();
const model = join(root, 'models/mnist-sample-il/il.onnx');
const card = JSON.parse(readFileSync(model.replace('.onnx', '.json'), 'utf8'));
const digits = ['train-images-idx3', 'train-labels-idx1'].map((name) =>
  join(root, `data/mnist-sample/${name}-ubyte.gz`),
);
const count = 1500;

/** A file of the page's own, made of text. */
const file = (name: string, content: string) => ({ name, mimeType: '', buffer: Buffer.from(content) });

/** A model with a card that records options. */
const cardOf = (options: object) => file('il.json', JSON.stringify({ ...card, data: { ...card.data, ...options } }));

/** Two folders of the same names: digits, and the same digits white on black. */
async function writePhotos(): Promise<void> {
  const bytes = (name: string) => gunzipSync(readFileSync(join(root, `data/mnist-sample/train-${name}-ubyte.gz`)));
  const [pixels, labels] = [bytes('images-idx3').subarray(16), bytes('labels-idx1').subarray(8)];
  for (let at = 0; at < count; at++) {
    const digit = () =>
      sharp(pixels.subarray(at * 784, (at + 1) * 784), { raw: { width: 28, height: 28, channels: 1 } });
    for (const [name, image] of [
      ['a', digit()],
      ['b', digit().negate()],
    ] as const) {
      const path = folder.at(`${name}/photos/${labels[at]}/${at}.png`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await image.png({ compressionLevel: 1 }).toBuffer());
    }
  }
}

describe.skipIf(noBrowser !== null)(`one choice after another (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  let open: OpenPage;
  let page: Page;
  beforeAll(async () => {
    const preprocessing = { kind: 'standardize', scale: 1 / 255, mean: [0.5], std: [0.25] } as const;
    const pictures = buildArchitecture('mlp:16', { inputDims: [3, 28, 28], classes: 10, preprocessing, seed: 1 });
    await writeFile(folder.at('pictures.onnx'), writeModel(pictures));
    await writePhotos();
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
  const option = (name: string) => page.inputValue(`#options [name=${name}]`);
  const chosen = (what: string) =>
    page.waitForFunction((what) => document.querySelector('#chosen-data')!.textContent!.startsWith(what), what);
  const isModel = (name: string) =>
    page.waitForFunction((name) => document.querySelector('#chosen-model')!.textContent === name, name);
  const pictures = () =>
    page.locator('#look-highest img').evaluateAll((images) => images.map((image) => (image as HTMLImageElement).src));

  test('a job, and the pictures beside its losses, stay with the files that they were begun with', async () => {
    const words = ['score', '--model', folder.at('pictures.onnx'), '--data', `images:${folder.at('a/photos')}`];
    await rhoJson(...words, '--holdout', 'none', '--device', 'wasm', '--out', folder.at('cli'));
    await page.setInputFiles('#files-input', folder.at('pictures.onnx'));
    await page.setInputFiles('#folder-input', folder.at('a/photos'));
    await chosen('photos: 1,500 images');
    await page.click('#choose summary');
    await page.fill('#options [name=holdout]', 'none');
    await page.click('#score');
    // Behind this much the files of the rest are still to be read.
    await page.waitForFunction(
      () => /^\s*scoring/i.test(document.querySelector('#progress-line')!.textContent!),
      null,
      {
        polling: 5,
      },
    );
    await page.setInputFiles('#folder-input', folder.at('b/photos'));
    await page.waitForSelector('#status[data-state=done]');
    const { result: stores } = await callInPage(page, 'stores', null);
    await download(page, stores![0]!.folder, folder.at('page'));
    const [here, there] = await Promise.all(
      ['cli', 'page'].map(async (name) => (await openLossStore(folder.at(name))).readTable()),
    );
    expect(there!.loss).toBeAllClose(here!.loss, { rtol: 0, atol: 1e-3 });

    await page.reload();
    await page.setInputFiles('#folder-input', folder.at('a/photos'));
    await chosen('photos: 1,500 images');
    await page.locator('#kept li').getByRole('button', { name: 'Look' }).click();
    await page.waitForSelector('#look-highest img');
    const shown = await pictures();
    expect(shown).toHaveLength(12);
    await page.setInputFiles('#folder-input', folder.at('b/photos'));
    await page.waitForFunction(() => /^The data are 1,500/.test(document.querySelector('#recognised')!.textContent!));
    await page.selectOption('#look-label', '3');
    await page.waitForFunction(() => !document.querySelector('#look-status')!.textContent!.startsWith('1,500'));
    await page.click('#look-all');
    await page.waitForFunction(() => document.querySelector('#look-status')!.textContent!.startsWith('1,500'));
    expect(await pictures()).toEqual(shown);
  });

  test('what the card of a model fills in goes with that model, and is said beside the data', async () => {
    const noisy = [file('il.onnx', ''), cardOf({ noise: 'flip:0.4', preprocessing: 'unit', holdout: 'even-odd' })];
    noisy[0]!.buffer = readFileSync(model);
    await page.setInputFiles('#files-input', noisy);
    await isModel('il.onnx');
    await page.setInputFiles('#files-input', digits);
    await page.waitForFunction(() => document.querySelector('#chosen-data')!.textContent !== 'none yet');
    expect(await text('#chosen-options')).toBe('with Holdout even-odd, Label noise flip:0.4, Preprocessing unit');
    await page.click('#choose summary');
    await page.fill('#options [name=holdout]', 'none');
    await page.setInputFiles('#files-input', { ...noisy[0]!, name: 'other.onnx' });
    await isModel('other.onnx');
    // What was typed stays.
    expect(await text('#chosen-options')).toBe('with Holdout none');
    expect([await option('noise'), await option('preprocessing')]).toEqual(['', '']);
  });

  test('the holdout of the sample goes as soon as other data are given, though their columns are still asked for', async () => {
    await page.click('#sample');
    expect(await option('holdout')).toBe('10000:10000');
    await page.setInputFiles('#files-input', file('reviews.csv', ',words,rating\n0,good,4\n1,bad,1\n'));
    await page.waitForSelector('#columns:not([hidden])');
    expect(await option('holdout')).toBe('');
    expect(await page.locator('#columns select').first().locator('option').allTextContents()).toEqual([
      '1: ',
      '2: words',
      '3: rating',
    ]);
    await page.click('#columns button');
    await chosen('reviews.csv');
    expect(await option('holdout')).toBe('');
  });

  test('a choice that takes long does not come after one that was made later', async () => {
    const line = (at: number) => `{"stars": ${at % 5}, "body": "a text of some words, number ${at}"}\n`;
    await writeFile(folder.at('big.jsonl'), Array.from({ length: 600_000 }, (_, at) => line(at)).join(''));
    await page.setInputFiles('#files-input', folder.at('big.jsonl'));
    await page.waitForSelector('#columns:not([hidden])');
    await page.click('#columns button');
    await page.click('#sample');
    expect(await text('#chosen-data')).toMatch(/^MNIST sample/);
    await page.waitForTimeout(5000);
    expect(await text('#chosen-data')).toMatch(/^MNIST sample/);
    expect(await text('#recognised')).toMatch(/^The sample is chosen/);
  });

  test('options that cannot be used are refused where they stand', async () => {
    await page.click('#sample');
    await page.click('#choose summary');
    await page.fill('#options [name=dataSeed]', '1.5');
    await page.click('#choose summary');
    await page.click('#score');
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe('dataSeed');
    expect(await text('#status')).toBe('');
    await page.click('#train button[type=submit]');
    expect(await page.evaluate(() => document.querySelector<HTMLElement>('#train')!.dataset.state)).toBeUndefined();
    // A field that the data do not have is in nobody's way.
    await page.fill('#options [name=dataSeed]', '');
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
  });

  test('two stores of one name: each is shown with its own labels', async () => {
    const words = ['score', '--model', model, '--data', 'idx:data/mnist-sample', '--holdout', '10000:10000'];
    for (const noise of ['none', 'flip:0.2'])
      await rhoJson(...words, '--noise', noise, '--out', folder.at(`${noise.slice(0, 4)}/store`));
    await page.click('#sample');
    await page.setInputFiles('#folder-input', folder.at('none/store'));
    await page.waitForSelector('#look-highest img');
    expect(await text('#look-key')).toBe('');
    await page.setInputFiles('#folder-input', folder.at('flip/store'));
    await page.waitForFunction(() => /truly wrong$/.test(document.querySelector('#look-title')!.textContent!));
    await page.waitForFunction(() => /label right/.test(document.querySelector('#look-key')!.textContent!));
  });

  test('a file that cannot be read is a sentence', async () => {
    await page.setInputFiles('#files-input', [
      file('manifest.json', '{"format": "rho-loss-store", "version": 99}'),
      file('shard-00000.parquet', 'x'),
    ]);
    await page.waitForSelector('#recognised .problem');
    expect(await text('#recognised .problem')).toMatch(/^Cannot .*store.*version/);
  });
});
