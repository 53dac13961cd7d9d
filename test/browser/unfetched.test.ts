import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rhoJson, root, sharedFolder } from '../cli/rho.ts';
import { noBrowser, type OpenBrowser, openBrowser } from './page.ts';

const folder = await sharedFolder();

describe.skipIf(noBrowser !== null)(`parts of the page that do not come (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  /** A page that was loaded, and to which what matches does not come from then on. */
  async function pageWithout(glob: string, status: number | null): Promise<Page> {
    const { page } = await browser.newPage();
    await page.route(glob, (route) => (status === null ? route.abort() : route.fulfill({ status })));
    return page;
  }

  test.each([
    [
      'the connection is gone',
      null,
      /^Cannot fetch the sample: "sample\/.*" does not come \(Failed to fetch\); check the connection and try again\.$/,
    ],
    ['the host lacks it', 404, /^Cannot fetch the sample: the server has no "sample\/.*" \(404\)\.$/],
  ])('the sample, where %s', async (_why, status, sentence) => {
    const page = await pageWithout('**/sample/**', status);
    await page.click('#sample');
    await page.click('#score');
    await page.waitForSelector('#status[data-state=failed]');
    expect(await page.textContent('#status')).toMatch(sentence);
    // It may be there the next time.
    await page.unrouteAll();
    await page.click('#score');
    await page.waitForSelector('#status[data-state=done]');
    await page.close();
  });

  test('what trains, and what shows runs', async () => {
    const page = await pageWithout('**/assets/section-*.js', null);
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    await page.reload();
    await page.waitForSelector('#train [role=alert]');
    expect(await page.textContent('#train [role=alert]')).toMatch(
      /^Cannot fetch the part of the page that trains: .*; check the connection and reload the page\.$/,
    );
    const run = folder.at('run');
    const words = ['--data', 'idx:data/mnist-sample', '--model', 'mlp:16', '--strategy', 'uniform', '--steps', '5'];
    await rhoJson('train', ...words, '--out', run);
    await page.setInputFiles('#folder-input', run);
    await page.waitForSelector('#recognised .problem');
    expect(await page.textContent('#recognised')).toMatch(/^Cannot fetch the part of the page that shows runs: /);
    expect(await page.isVisible('#run')).toBe(false);
    expect(wrong).toEqual([]);
    // The rest of it works.
    await page.setInputFiles('#files-input', join(root, 'models/mnist-sample-il/il.onnx'));
    await page.waitForFunction(() => document.querySelector('#chosen-model')!.textContent === 'il.onnx');
    await page.close();
  });
});
