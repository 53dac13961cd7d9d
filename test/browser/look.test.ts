import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { writeModel } from '../../src/onnx/model.ts';
import { root } from '../cli/rho.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const digits = ['train-images-idx3', 'train-labels-idx1'].map((name) =>
  join(root, `data/mnist-sample/${name}-ubyte.gz`),
);

describe.skipIf(noBrowser !== null)(`what was scored, looked at (${noBrowser ?? 'in Chromium'})`, () => {
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

  const focused = () => page.evaluate(() => document.activeElement!.ariaLabel ?? document.activeElement!.id);

  async function scoreSample(): Promise<void> {
    await page.click('#sample');
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    await page.waitForSelector('#look-highest img');
  }

  /** Shows the examples of a cell of the table. */
  async function pick(label: number, predicted: number): Promise<number> {
    const cell = page.getByRole('button', { name: new RegExp(`labelled ${label}, predicted ${predicted}: show`) });
    const count = Number(await cell.textContent());
    await cell.click();
    await page.waitForFunction(
      (count) => document.querySelector('#look-status')!.textContent!.startsWith(`${count} of`),
      count,
    );
    return count;
  }

  test('whoever scores by the keyboard goes on from there: at Cancel, then at what came of it', async () => {
    await page.click('#sample');
    await page.focus('#score');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#progress:not([hidden])');
    expect(await focused()).toBe('cancel');
    await page.waitForSelector('#status[data-state=done]');
    await page.waitForFunction(() => document.querySelector<HTMLButtonElement>('#cancel')!.disabled);
    expect(await focused()).toBe('status');
  });

  test('the table is one tab stop, in which arrow keys move', async () => {
    await scoreSample();
    await page.locator('.matrix button').first().focus();
    expect(await focused()).toBe('979 examples labelled 0, predicted 0: show them');
    const after = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
      return (await focused()).replace(/^.* labelled (\d), predicted (\d): show them$/, '$1 as $2');
    };
    // There is none in the column before.
    expect(await after('ArrowRight')).toBe('0 as 2');
    expect(await after('ArrowDown')).toBe('1 as 2');
    expect(await after('End')).toBe('1 as 9');
    expect(await after('ArrowRight', 'ArrowRight')).toBe('2 as 1');
    expect(await after('ArrowUp')).toBe('1 as 1');
    expect(await after('ArrowUp', 'ArrowLeft', 'Home')).toBe('0 as 0');
    expect(await after('ArrowLeft', 'Control+End')).toBe('9 as 9');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('look-label');
    await page.keyboard.press('Shift+Tab');
    expect(await after('Home')).toBe('9 as 0');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement!.id === 'look-lists');
  });

  test('a few examples stand in one of the lists each, and are counted on an axis of whole numbers', async () => {
    await scoreSample();
    expect(await page.isVisible('#look-root')).toBe(true);
    expect(await page.textContent('#look-histogram svg')).toMatch(/≥ 5\.\d\d/);
    const count = await pick(3, 5);
    expect(count).toBeLessThan(24);
    const details = await page.locator('#look-highest button, #look-lowest button').all();
    const ids = await Promise.all(details.map((button) => button.getAttribute('aria-label')));
    expect(ids).toHaveLength(count);
    expect(new Set(ids).size).toBe(count);
    expect(await page.isVisible('#look-root')).toBe(false);
    const ticks = await page.locator('#look-histogram [aria-label="y-axis tick label"] text').allTextContents();
    expect(ticks.length).toBeGreaterThan(1);
    for (const tick of ticks) expect(tick).toMatch(/^\d+$/);
    expect(await page.isVisible('#look-more')).toBe(false);
    await page.selectOption('#look-label', '0');
    await page.selectOption('#look-predicted', '0');
  });

  test('the lowest losses are those of every label', async () => {
    await scoreSample();
    const labels = await page.locator('#look-lowest li b:first-of-type').allTextContents();
    expect(new Set(labels).size).toBe(10);
  });

  test('a model that knows nothing suspects nothing, and the page says why', async () => {
    const graph = buildArchitecture('mlp:8', {
      inputDims: [1, 28, 28],
      classes: 10,
      preprocessing: { kind: 'none' },
      seed: 3,
    });
    const buffer = Buffer.from(writeModel(graph));
    await page.setInputFiles('#files-input', { name: 'new.onnx', mimeType: '', buffer });
    await page.setInputFiles('#files-input', digits);
    await page.waitForFunction(() => document.querySelector('#chosen-data')!.textContent !== 'none yet');
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    expect(await page.textContent('#look-title')).toBe('10,000 labels, ranked by irreducible loss');
    expect(await page.textContent('#look-summary')).not.toMatch(/[Ss]uspect/);
    expect(await page.textContent('#look-doubts')).toMatch(/guessing/);
    await page.locator('#look-highest li button').first().click();
    await page.waitForSelector('#details[open]');
    expect(await page.textContent('#details-body')).toMatch(/margin/);
    expect(await page.textContent('#details-body')).not.toMatch(/suspect/);
  });

  test('on a phone the table of ten classes fits, with its headings, and three examples stand side by side', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await scoreSample();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const { width, room } = await page.evaluate(() => {
      const table = document.querySelector<HTMLElement>('.matrix')!;
      return { width: table.offsetWidth, room: table.parentElement!.clientWidth };
    });
    expect(width).toBeLessThanOrEqual(room);
    for (const heading of ['label', 'predicted as', '9'])
      expect(
        await page
          .locator('.matrix th', { hasText: new RegExp(`^${heading}$`) })
          .first()
          .isVisible(),
      ).toBe(true);
    const tops = await page
      .locator('#look-highest li')
      .evaluateAll((items) => items.map((item) => item.getBoundingClientRect().top));
    expect(tops).toHaveLength(6);
    expect(new Set(tops).size).toBe(2);
  });
});
