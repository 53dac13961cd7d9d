import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callInPage } from './inPage.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

describe.skipIf(noBrowser !== null)(`stores that the page keeps (${noBrowser ?? 'in Chromium'})`, () => {
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

  const focused = () => page.evaluate(() => document.activeElement?.id ?? '');
  const isFocused = (id: string) => page.waitForFunction((id) => document.activeElement?.id === id, id);
  const removeOf = (text: string) =>
    page.locator('#kept li', { hasText: text }).getByRole('button', { name: 'Remove' });

  test('the keyboard goes from Score to Cancel, to what came of it, and from Remove to the list', async () => {
    await page.click('#sample');
    await page.focus('#score');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('cancel');
    await page.waitForSelector('#status[data-state=done]');
    await isFocused('status');
    await page.waitForSelector('#look-highest img');
    expect([await page.isVisible('#look'), await page.isVisible('#download')]).toEqual([true, true]);

    const asked: string[] = [];
    page.once('dialog', (dialog) => {
      asked.push(dialog.message());
      return dialog.dismiss();
    });
    await removeOf('MNIST sample').focus();
    await page.keyboard.press('Enter');
    expect(asked).toEqual([expect.stringMatching(/^Remove for good: MNIST sample, .* 10,000 examples/)]);
    expect(await page.locator('#kept li').count()).toBe(1);

    page.once('dialog', (dialog) => dialog.accept());
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('#kept li').length === 0);
    // The list is gone with the last of what was in it, and so is what showed the store.
    await page.waitForFunction(() => document.activeElement === document.querySelector('#score-title'));
    expect([await page.isVisible('#look'), await page.isVisible('#download')]).toEqual([false, false]);
  });

  test('while a job is under way nothing is removed or gone on with, and Cancel leaves the focus with what it says', async () => {
    const slow = {
      model: '/rho-loss/models/mnist-sample-il/il.onnx',
      data: { data: 'idx:/rho-loss/data/mnist-sample', holdout: '10000:10000' },
      options: { device: 'wasm' as const, threads: 1, workers: 1, span: 100 },
      folder: '/stores/slow',
    };
    await callInPage(page, 'score', slow, { cancelAt: { label: 'scoring', done: 300 } });
    await page.reload();
    const goOn = page.locator('#kept li', { hasText: 'interrupted' }).getByRole('button', { name: 'Go on' });
    await goOn.focus();
    await page.keyboard.press('Enter');
    await isFocused('cancel');
    await page.waitForFunction(() => document.querySelector<HTMLProgressElement>('#bar')!.value > 0);
    expect(await goOn.isDisabled()).toBe(true);
    expect(await removeOf('interrupted').isDisabled()).toBe(true);
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('status');
    await page.waitForSelector('#status[data-state=failed]');
    expect(await page.textContent('#status')).toBe('Interrupted while scoring.');
    expect(await focused()).toBe('status');
    page.once('dialog', (dialog) => dialog.accept());
    await removeOf('interrupted').click();
    await page.waitForFunction(() => document.querySelectorAll('#kept li').length === 0);
  });

  test('a store of another version is named, and can be removed', async () => {
    await page.evaluate(async () => {
      const stores = await (await navigator.storage.getDirectory()).getDirectoryHandle('stores', { create: true });
      const folder = await stores.getDirectoryHandle('of-tomorrow', { create: true });
      const stream = await (await folder.getFileHandle('manifest.json', { create: true })).createWritable();
      await stream.write('{"format":"rho-loss-store","version":99}');
      await stream.close();
    });
    await page.reload();
    const item = page.locator('#kept li', { hasText: 'of-tomorrow' });
    await item.waitFor();
    expect(await item.textContent()).toMatch(/^Cannot .*"of-tomorrow.*version.*Remove$/);
    expect(await item.locator('button').count()).toBe(1);
    page.once('dialog', (dialog) => dialog.accept());
    await item.getByRole('button', { name: 'Remove' }).click();
    await item.waitFor({ state: 'detached' });
    expect(await page.isVisible('#kept-block')).toBe(false);
  });
});
