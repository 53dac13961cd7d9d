import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { root } from '../cli/rho.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const model = join(root, 'models/mnist-sample-il/il.onnx');
const digits = ['train-images-idx3', 'train-labels-idx1'].map((name) =>
  join(root, `data/mnist-sample/${name}-ubyte.gz`),
);

describe.skipIf(noBrowser !== null)(
  `what is chosen, looked at before it is scored (${noBrowser ?? 'in Chromium'})`,
  () => {
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

    const file = (name: string, content: string | Uint8Array) => ({ name, mimeType: '', buffer: Buffer.from(content) });

    async function says(pattern: RegExp): Promise<string> {
      const said = page.locator('#chosen-check', { hasText: pattern });
      await said.waitFor();
      return (await said.textContent())!.trim();
    }

    test('how many examples are scored, and what training lacks', async () => {
      await page.setInputFiles('#files-input', digits);
      const said = await says(/Score takes 10,000 of 20,000 examples: the others are held out/);
      expect(said).toMatch(/enough to score\. To train, .*: t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte\.$/);
      await page.click('#choose summary');
      await page.fill('[name=holdout]', 'none');
      await page.press('[name=holdout]', 'Tab');
      await says(/Score takes all 20,000 examples\./);
      await page.fill('[name=holdout]', 'half');
      await page.press('[name=holdout]', 'Tab');
      await says(/Cannot split the data by “Holdout” "half"/);
      await page.click('#sample');
      expect(await says(/Score takes 10,000 of 20,000 examples/)).not.toMatch(/To train/);
    });

    test('a file that is no model, or empty', async () => {
      await page.setInputFiles('#files-input', file('photo.onnx', '\x89PNG'));
      await says(/Cannot read "photo\.onnx": .*\./);
      await page.setInputFiles('#files-input', file('none.onnx', ''));
      await says(/Cannot read "none\.onnx": it is empty; /);
      await page.setInputFiles('#files-input', model);
      await page.waitForFunction(() => document.querySelector('#chosen-model')!.textContent === 'il.onnx');
      expect(await page.textContent('#chosen-check')).toBe('');
    });

    test('a model of other images, and one of images where the data are texts', async () => {
      await page.setInputFiles('#files-input', model);
      await page.waitForFunction(() => document.querySelector('#chosen-model')!.textContent === 'il.onnx');
      const records = new Uint8Array(2 * 3073);
      records[3073] = 1;
      await page.setInputFiles('#files-input', file('rows.bin', records));
      await says(/Cannot .*il\.onnx.*3, 32, 32/);
      await page.setInputFiles('#files-input', file('reviews.csv', 'text,label\ngood,1\nbad,0\n'));
      await says(/Cannot score the texts of "csv:reviews\.csv" with "il\.onnx": it takes .*, no ids of texts\./);
    });
  },
);
