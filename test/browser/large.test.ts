import { mkdir, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rhoJson, sharedFolder } from '../cli/rho.ts';
import { npyOf } from '../data/npyOf.ts';
import { usualLongest } from './longTasks.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const folder = await sharedFolder();

describe.skipIf(noBrowser !== null)(`large inputs do not block the page (${noBrowser ?? 'in Chromium'})`, () => {
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

  const chosen = (what: string) =>
    page.waitForFunction((what) => document.querySelector('#chosen-data')!.textContent!.startsWith(what), what);
  const sample = async () => {
    await page.click('#sample');
    await chosen('MNIST sample');
  };

  test('a folder of 10,000 images', { timeout: 120_000 }, async () => {
    for (let at = 0; at < 20; at++) await mkdir(folder.at(`photos/class ${at}`), { recursive: true });
    for (let from = 0; from < 10_000; from += 500)
      await Promise.all(
        Array.from({ length: 500 }, (_, at) => writeFile(folder.at(`photos/class ${at % 20}/${from + at}.jpg`), 'x')),
      );
    const choose = async () => {
      await sample();
      await page.setInputFiles('#folder-input', folder.at('photos'));
      await chosen('photos: 10,000 images in 20 classes');
      // They go to the worker.
      await page.click('#try-devices');
      await page.waitForFunction(() => document.querySelector('#device-note')!.textContent!.includes(' works: '));
    };
    expect(await usualLongest(page, choose)).toBe(0);
  });

  test('a table of 70 MB whose columns are asked for, plain and packed', { timeout: 120_000 }, async () => {
    const line = (at: number) =>
      `{"stars": ${at % 5}, "body": "a text of some words, as people write, number ${at}"}\n`;
    const table = Array.from({ length: 950_000 }, (_, at) => line(at)).join('');
    await writeFile(folder.at('big.jsonl'), table);
    await writeFile(folder.at('packed.jsonl.gz'), gzipSync(table, { level: 1 }));
    for (const name of ['big.jsonl', 'packed.jsonl.gz']) {
      const choose = async () => {
        await sample();
        await page.setInputFiles('#files-input', folder.at(name));
        await page.waitForSelector('#columns:not([hidden])');
        await page.click('#columns button');
        await chosen(`${name}: texts in ${name}`);
      };
      expect(await usualLongest(page, choose)).toBe(0);
    }
  });

  test('a store of a million rows, and another beside it', { timeout: 120_000 }, async () => {
    const rows = 1_000_000;
    const numbers = Float32Array.from({ length: 3 * rows }, (_, at) => ((at * 7919) % 9973) / 9973 + 0.01);
    for (let at = 0; at < numbers.length; at += 3) {
      const sum = numbers[at]! + numbers[at + 1]! + numbers[at + 2]!;
      for (let place = at; place < at + 3; place++) numbers[place]! /= sum;
    }
    await mkdir(folder.at('arrays'));
    await writeFile(folder.at('arrays/train-x.npy'), npyOf('<f4', [rows, 1], new Float32Array(rows)));
    const labels = Int32Array.from({ length: rows }, (_, at) => at % 3);
    await writeFile(folder.at('arrays/train-y.npy'), npyOf('<i4', [rows], labels));
    await writeFile(folder.at('p.npy'), npyOf('<f4', [rows, 3], numbers));
    const words = ['score', '--data', `npy:${folder.at('arrays')}`, '--holdout', 'none'];
    await rhoJson(...words, '--probabilities', folder.at('p.npy'), '--out', folder.at('million'));
    await sample();
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    const rowsShown = (rows: string) =>
      page.waitForFunction((rows) => document.querySelector('#look-status')!.textContent!.endsWith(rows), rows);
    const look = async () => {
      await page.setInputFiles('#folder-input', folder.at('million'));
      await rowsShown('of 1,000,000 examples.');
      await page.selectOption('#look-label', '1');
      await page.waitForFunction(() => document.querySelector('#look-status')!.textContent!.startsWith('333,333 of'));
      await page.locator('#kept').getByRole('button', { name: 'Look' }).first().click();
      await rowsShown('of 10,000 examples.');
      await page.waitForSelector('#look-highest img');
    };
    expect(await usualLongest(page, look)).toBe(0);
    // What is asked for later is shown, however long the other takes.
    await page.setInputFiles('#folder-input', folder.at('million'));
    await page.waitForFunction(() => /loss store, million/.test(document.querySelector('#recognised')!.textContent!));
    await page.locator('#kept').getByRole('button', { name: 'Look' }).first().click();
    await rowsShown('of 10,000 examples.');
    await page.waitForSelector('#look-highest img');
    await page.waitForTimeout(4000);
    expect(await page.textContent('#look-title')).toMatch(/ of 10,000 labels/);
    expect(await page.textContent('#look-status')).toMatch(/ of 10,000 examples\.$/);
    expect(await page.isVisible('#download')).toBe(true);
    expect(await page.textContent('#files')).toMatch(/manifest\.json/);
    expect(await page.locator('#look-highest img').count()).toBe(12);
  });
});
