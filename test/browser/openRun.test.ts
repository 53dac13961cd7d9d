import { readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { zipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { headline } from '../../src/report/headline.ts';
import { parseReportData } from '../../src/report/reportData.ts';
import { filesIn, rho, rhoJson, sharedFolder } from '../cli/rho.ts';
import { dropFromDisk } from './drop.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const folder = await sharedFolder();

describe.skipIf(noBrowser !== null)(`runs of the command line on the page (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  let open: OpenPage;
  let page: Page;
  const made = folder.at('digits-compared');
  let finding = '';
  beforeAll(async () => {
    const words = ['--data', 'idx:data/mnist-sample', '--noise', 'flip:0.4', '--holdout', '6000:3000'];
    await rhoJson('compare', ...words, '--il-epochs', '1', '--model', 'mlp:32', '--steps', '40', '--out', made);
    finding = headline(parseReportData(await readFile(`${made}/report.json`, 'utf8'), 'report')).finding;
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

  /** Waits for the run that is shown, and expects it to be the one that was made. */
  async function expectRun(): Promise<void> {
    await page.waitForSelector('#run .finding');
    expect(await page.textContent('#run .finding')).toBe(finding);
    expect(await page.frameLocator('#run iframe.report').locator('h1').textContent()).toBe(finding);
    expect(await page.textContent('#recognised')).toBe('This is the folder of a run: see below.');
    const names = await page.$$eval('#run .downloads a', (links) => links.map((link) => link.getAttribute('download')));
    const targets = ['rho', 'uniform'].flatMap((strategy) => [`${strategy}-events.jsonl`, `${strategy}-target.onnx`]);
    expect(names).toEqual(expect.arrayContaining(['report.html', ...targets, 'il.onnx']));
    expect(names.some((name) => name!.includes('checkpoint'))).toBe(false);
    // The frame shows all of the report, without bars of its own.
    const [frame, inside] = await Promise.all([
      page.locator('#run iframe.report').evaluate((element) => element.clientHeight),
      page
        .frameLocator('#run iframe.report')
        .locator('html')
        .evaluate((element) => element.scrollHeight),
    ]);
    expect(frame).toBeGreaterThan(500);
    expect(inside - frame).toBeLessThan(40);
  }

  test('a folder that is chosen is shown with its report, without fetching the sample', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.setInputFiles('#folder-input', made);
    await expectRun();
    expect(asked.filter((url) => url.includes('sample'))).toEqual([]);
    if (process.env.RHO_SHOTS) await page.screenshot({ path: `${process.env.RHO_SHOTS}/run.png`, fullPage: true });
  });

  test('a folder that is dropped is shown', async () => {
    await dropFromDisk(page, [made]);
    await expectRun();
  });

  test('a .zip of it is shown', async () => {
    const packed: Record<string, Uint8Array> = {};
    for (const path of await filesIn(made)) packed[`digits-compared/${path}`] = readFileSync(`${made}/${path}`);
    await writeFile(folder.at('run.zip'), zipSync(packed));
    await dropFromDisk(page, [folder.at('run.zip')]);
    await expectRun();
    // Another in its place.
    await page.setInputFiles('#folder-input', made);
    await page.waitForFunction(() => document.querySelectorAll('#run .finding').length === 1);
    await expectRun();
  });

  test('a run of one target is shown, and a run that was interrupted as far as it came', async () => {
    const words = ['--data', 'idx:data/mnist-sample', '--model', 'mlp:32', '--strategy', 'uniform', '--steps', '40'];
    const one = folder.at('one');
    const { code, stderr } = await rho('train', ...words, '--eval-every', '20', '--out', one);
    expect(code, stderr).toBe(0);
    await page.setInputFiles('#folder-input', one);
    await page.waitForSelector('#run .finding');
    expect(await page.frameLocator('#run iframe.report').locator('h1').textContent()).toBe(
      await page.textContent('#run .finding'),
    );
    const part = folder.at('part');
    await cp(one, part, { recursive: true, filter: (path) => !/report\.(json|html)$|target\.onnx$/.test(path) });
    await page.setInputFiles('#folder-input', part);
    await page.waitForFunction(() => /not finished/.test(document.querySelector('#run .finding')?.textContent ?? ''));
    expect(await page.locator('#run circle title').allTextContents()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^uniform, step 20 /),
        expect.stringMatching(/^uniform, step 40 /),
      ]),
    );
    if (process.env.RHO_SHOTS) await page.screenshot({ path: `${process.env.RHO_SHOTS}/part.png`, fullPage: true });
  });

  test('a run whose report is damaged, and an archive that is, are sentences', async () => {
    const damaged = folder.at('damaged');
    await cp(made, damaged, { recursive: true });
    await writeFile(`${damaged}/report.json`, '{"format":');
    await page.setInputFiles('#folder-input', damaged);
    await page.waitForSelector('#run .failed');
    expect(await page.textContent('#run .failed')).toMatch(/^Cannot .*damaged\/report\.json/);
    await writeFile(folder.at('cut.zip'), (await readFile(folder.at('run.zip'))).subarray(0, 5000));
    await dropFromDisk(page, [folder.at('cut.zip')]);
    await page.waitForSelector('#recognised .problem');
    expect(await page.textContent('#recognised')).toMatch(/^Cannot unpack "cut\.zip": it has no directory at its end/);
  });
});
