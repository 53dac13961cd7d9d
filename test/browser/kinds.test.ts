import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { writeModel } from '../../src/onnx/model.ts';
import { openLossStore } from '../../src/store/readStore.ts';
import { rhoJson, root, sharedFolder } from '../cli/rho.ts';
import { npyOf } from '../data/npyOf.ts';
import { huggingFace, imagesParquet } from '../data/parquetOf.ts';
import { dropFromDisk } from './drop.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const folder = await sharedFolder();
const model = join(root, 'models/mnist-sample-il/il.onnx');
const shared = process.env.RHO_DATA ?? '';
const texts = join(shared, 'sst2/dev.tsv');
const noTexts = existsSync(texts) ? null : 'skipped without sst2 and bert-vocab in RHO_DATA';

/** The first digits of the sample, 28 x 28 bytes each, and what they are. */
const count = 120;
const unpack = (name: string) => gunzipSync(readFileSync(join(root, `data/mnist-sample/train-${name}-ubyte.gz`)));
const pixels = unpack('images-idx3').subarray(16, 16 + count * 784);
const labels = unpack('labels-idx1').subarray(8, 8 + count);
const digit = (at: number) =>
  sharp(pixels.subarray(at * 784, (at + 1) * 784), { raw: { width: 28, height: 28, channels: 1 } });

async function write(path: string, bytes: Uint8Array | string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

describe.skipIf(noBrowser !== null)(`kinds of data on the page (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  let open: OpenPage;
  let page: Page;
  let pngs: Buffer[] = [];
  const pictures = folder.at('pictures.onnx');
  beforeAll(async () => {
    const preprocessing = { kind: 'standardize', scale: 1 / 255, mean: [0.5], std: [0.25] } as const;
    const options = { inputDims: [3, 28, 28], classes: 10, preprocessing, seed: 1 };
    await write(pictures, writeModel(buildArchitecture('mlp:16', options)));
    pngs = await Promise.all(Array.from({ length: count }, (_, at) => digit(at).png().toBuffer()));
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

  const chosen = (data: RegExp | string) =>
    page.waitForFunction(
      (source) => new RegExp(source).test(document.querySelector('#chosen-data')!.textContent!),
      typeof data === 'string' ? data : data.source,
    );

  /** Scores what is chosen, on the page and with the words of the command line, and expects the same of both; then what is to be seen. */
  async function scoresAs(words: readonly string[], shows: 'pictures' | 'texts', shot = ''): Promise<void> {
    const out = folder.at(`cli-${expect.getState().currentTestName!.replace(/\W+/g, '-').slice(-60)}`);
    await rhoJson('score', ...words, '--out', out);
    const { statistics, count: scored } = (await openLossStore(out)).manifest;
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done], #status[data-state=failed]');
    const status = await page.textContent('#status');
    const [, loss] = new RegExp(`^${scored} examples, ${scored} scored in .* mean loss ([\\d.]+),`).exec(status!) ?? [];
    expect(loss, status!).toBeDefined();
    // As it is rounded.
    expect(Math.abs(Number(loss) - statistics.meanLoss!)).toBeLessThan(0.0011);
    await page.waitForSelector(shows === 'pictures' ? '#look-highest img' : '#look-highest ul.texts li');
    expect(await page.locator('#look-highest li').count()).toBeGreaterThan(5);
    await page.locator('#look-highest li button').first().click();
    await page.waitForSelector(shows === 'pictures' ? '#details img' : '#details blockquote');
    if (process.env.RHO_SHOTS && shot !== '')
      await page.screenshot({ path: `${process.env.RHO_SHOTS}/${shot}.png`, fullPage: true });
    await page.keyboard.press('Escape');
  }

  const noHoldout = async () => {
    if (!(await page.isVisible('[name=holdout]'))) await page.click('#choose summary');
    await page.fill('[name=holdout]', 'none');
  };

  test('Parquet of images, as Hugging Face has them', async () => {
    const names = Array.from({ length: 10 }, (_, label) => `digit ${label}`);
    const file = await write(
      folder.at('hf.parquet'),
      imagesParquet(pngs, [...labels], { kvMetadata: huggingFace(names) }),
    );
    await page.setInputFiles('#files-input', [pictures, file]);
    await chosen('^hf.parquet: images in hf.parquet$');
    expect(await page.isVisible('[name=imageSize]')).toBe(false);
    await noHoldout();
    expect(await page.isVisible('[name=imageSize]')).toBe(true);
    expect(await page.isVisible('[name=tokens]')).toBe(false);
    await scoresAs(['--model', pictures, '--data', `parquet:${file}`, '--holdout', 'none'], 'pictures', 'parquet');
    expect(await page.textContent('#look-highest')).toMatch(/digit \d/);
  });

  test('Parquet of images in columns of other names, which are asked for', async () => {
    const names = Array.from({ length: 10 }, (_, label) => `digit ${label}`);
    const file = await write(
      folder.at('hf.parquet'),
      imagesParquet(pngs, [...labels], { kvMetadata: huggingFace(names) }),
    );
    const other = { column: 'scan', label: 'digit', rowGroupSize: 50 };
    const odd = await write(folder.at('odd.parquet'), imagesParquet(pngs, [...labels], other));
    await page.setInputFiles('#files-input', [pictures, odd]);
    await page.waitForSelector('#columns:not([hidden])');
    expect(await page.textContent('#columns p')).toBe(
      'Which columns of odd.parquet hold the examples and their labels?',
    );
    expect(
      await page
        .locator('#columns select')
        .evaluateAll((lists) => lists.map((list) => (list as HTMLSelectElement).selectedOptions[0]!.text)),
    ).toEqual(['1: scan', '2: digit']);
    expect(await page.locator('#columns input').count()).toBe(0);
    await page.click('#columns button');
    await chosen('^odd.parquet: images in odd.parquet$');
    await noHoldout();
    await scoresAs(['--model', pictures, '--data', `parquet:${file}`, '--holdout', 'none'], 'pictures');
  });

  test('NumPy arrays of bytes', async () => {
    const x = await write(folder.at('arrays/train-x.npy'), npyOf('|u1', [count, 1, 28, 28], pixels));
    const y = await write(folder.at('arrays/train-y.npy'), npyOf('<i8', [count], BigInt64Array.from(labels, BigInt)));
    const rule = 'standardize:0.1307/0.3081';
    await page.setInputFiles('#files-input', [model, x, y]);
    await chosen(/NumPy arrays of examples and labels \(train-x\.npy, train-y\.npy\)$/);
    await noHoldout();
    await page.fill('[name=preprocessing]', rule);
    const words = ['--data', `npy:${folder.at('arrays')}`, '--holdout', 'none', '--preprocessing', rule];
    await scoresAs(['--model', model, ...words], 'pictures', 'npy');
  });

  test('a folder of images that is dropped, and one that is chosen', async () => {
    for (const [at, png] of pngs.entries()) await write(folder.at(`digits/${labels[at]}/${at}.png`), png);
    await page.setInputFiles('#files-input', pictures);
    await dropFromDisk(page, [folder.at('digits')]);
    await chosen('^digits: 120 images in 10 classes \\(0, 1, 2, 3, 4, …\\)$');
    await noHoldout();
    const words = ['--model', pictures, '--data', `images:${folder.at('digits')}`, '--holdout', 'none'];
    await scoresAs(words, 'pictures', 'folder');
    await page.reload();
    await page.setInputFiles('#files-input', pictures);
    await page.setInputFiles('#folder-input', folder.at('digits'));
    await chosen('^digits: 120 images in 10 classes');
    await noHoldout();
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    // The same data, however they came.
    expect(await page.textContent('#status')).toMatch(/^120 examples, all scored before, /);
  });

  describe.skipIf(noTexts !== null)(`texts (${noTexts ?? 'SST-2'})`, () => {
    const il = folder.at('text-il');
    const vocab = join(shared, 'bert-vocab/vocab.txt');
    const rows = noTexts === null ? readFileSync(texts, 'utf8').trim().split('\n').slice(1, 201) : [];
    const cells = rows.map((row) => row.split('\t') as [string, string]);
    const sst = folder.at('reviews.tsv');
    const words = (data: string) => ['--model', `${il}/il.onnx`, '--data', data, '--holdout', 'even-odd'];
    const given = [`${il}/il.onnx`, `${il}/il.json`, vocab];
    beforeAll(async () => {
      await write(sst, ['sentence\tlabel', ...rows, ''].join('\n'));
      const training = ['--holdout', 'even-odd', '--tokens', '24', '--vocab', vocab, '--il-model', 'transformer:1x32'];
      await rhoJson('il', '--data', `tsv:${sst}`, '--test', `tsv:${sst}`, ...training, '--il-epochs', '1', '--out', il);
    });
    const cli = () => [...words(`tsv:${sst}`), '--vocab', vocab, '--tokens', '24'];

    test('TSV, with the vocabulary and the options of the card', async () => {
      await page.setInputFiles('#files-input', [...given, sst]);
      await chosen('^reviews.tsv: texts in reviews.tsv$');
      expect(await page.inputValue('[name=tokens]')).toBe('24');
      await scoresAs(cli(), 'texts', 'texts');
    });

    test('CSV with quotes, whose columns are asked for', async () => {
      const quoted = cells.map(([text, label], id) => `${id},${label},"${text.replaceAll('"', '""')}"`);
      const file = await write(folder.at('asked.csv'), ['id,stars,words', ...quoted, ''].join('\r\n'));
      await page.setInputFiles('#files-input', [...given, file]);
      await page.waitForSelector('#columns:not([hidden])');
      await page.click('#columns button');
      await chosen('^asked.csv: texts in asked.csv$');
      await scoresAs(cli(), 'texts');
    });

    test('packed JSON lines, whose keys are asked for; the vocabulary comes later', async () => {
      const lines = cells.map(([body, stars], id) => JSON.stringify({ id, stars: Number(stars), body }));
      const file = await write(folder.at('asked.jsonl.gz'), gzipSync(`${lines.join('\n')}\n`));
      await page.setInputFiles('#files-input', [...given.slice(0, 2), file]);
      await page.waitForSelector('#columns:not([hidden])');
      await page.click('#columns button');
      await page.waitForSelector('#recognised .problem');
      expect(await page.textContent('#recognised .problem')).toMatch(/^Texts are cut by a vocabulary/);
      await page.setInputFiles('#files-input', vocab);
      await page.waitForFunction(() => !document.querySelector('#recognised .problem'));
      await scoresAs(cli(), 'texts');
    });

    test('Parquet of texts, whose columns are asked for', async () => {
      const { ByteWriter, parquetWrite } = await import('hyparquet-writer');
      const writer = new ByteWriter();
      parquetWrite({
        writer,
        columnData: [
          { name: 'label', data: cells.map((_, id) => `wrong ${id}`), type: 'STRING' },
          { name: 'phrase', data: cells.map(([text]) => text), type: 'STRING' },
          { name: 'sentiment', data: cells.map(([, label]) => Number(label)), type: 'INT32' },
        ],
      });
      const file = await write(folder.at('phrases.parquet'), writer.getBytes());
      await page.setInputFiles('#files-input', [...given, file]);
      await page.waitForSelector('#columns:not([hidden])');
      await page.locator('#columns select').nth(0).selectOption('1');
      await page.locator('#columns select').nth(1).selectOption('2');
      await page.click('#columns button');
      await chosen('^phrases.parquet: texts in phrases.parquet$');
      await scoresAs(cli(), 'texts');
    });
  });
});
