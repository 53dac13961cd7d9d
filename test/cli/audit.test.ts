import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import Papa from 'papaparse';
import { chromium } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { type Ended, expectRefusal, filesIn, rho, rhoJson, sharedFolder, writeDigits } from './rho.ts';

const folder = await sharedFolder();
const sample = ['--data', 'idx:data/mnist-sample', '--noise', 'flip:0.2', '--threads', '1'];
const store = folder.at('il');
const csv = folder.at('errors.csv');
const html = folder.at('errors.html');
const browser = process.env.CHROMIUM ?? '/usr/bin/chromium';

let audited: Ended;
beforeAll(async () => {
  for (const words of [
    ['il', ...sample, '--il-model', 'mlp:32', '--il-epochs', '2', '--out', folder.at('model')],
    ['score', ...sample, '--model', folder.at('model/il.onnx'), '--out', store],
  ]) {
    const { code, stderr } = await rho(...words);
    expect(code, stderr).toBe(0);
  }
  audited = await rho('audit', store, '--csv', csv, '--html', html);
});

test('audit ranks flipped labels first, far better than plain confidence does', async () => {
  const { examples, suspects, differing, truth, listed, nan, notes } = await rhoJson('audit', store);
  expect({ examples, nan, notes, listed: listed.length }).toEqual({ examples: 10_000, nan: 0, notes: [], listed: 20 });
  expect(truth.counts).toEqual([100, 1000, truth.wrong]);
  const { loss, confidence } = truth.rankings;
  expect(loss.auroc).toBeGreaterThan(0.95);
  expect(loss.precision[0]).toBeGreaterThan(0.9);
  expect(Math.abs(confidence.auroc - 0.5)).toBeLessThan(0.1);
  // About 2,000 labels were flipped: the suspects tell their number without the truth.
  expect(truth.wrong).toBeGreaterThan(1900);
  expect(suspects).toBeGreaterThan(0.6 * truth.wrong);
  expect(suspects).toBeLessThan(1.2 * truth.wrong);
  expect(differing).toBeGreaterThan(suspects);
  for (const { given, suggested, truth: right, suspect, loss: value } of listed) {
    expect(suggested.label).not.toBe(given.label);
    expect([suspect, value > 3, right.label >= 0]).toEqual([true, true, true]);
  }
});

test('audit prints a table, and says what it wrote', () => {
  expect(audited.code, audited.stderr).toBe(0);
  expect(audited.stdout).toMatch(/^rank +id +loss +label +p +suggested +p +margin +truth\n( +\d+ .*\n){20}\n/);
  expect(audited.stdout).toMatch(/\nirreducible loss +0\.9\d+ +(100\.0|9\d\.\d)%/);
  expect(audited.stdout).toMatch(
    /\n[\d,]+ of 10,000 labels are suspect \(\d+\.\d%\), \d+\.\d% of them truly wrong\.\n$/,
  );
  expect(audited.stderr).toBe(`Wrote ${csv}\nWrote ${html}\n`);
});

test('the CSV holds the whole ranking, highest loss first', async () => {
  const { data, errors, meta } = Papa.parse<Record<string, number | null>>(await readFile(csv, 'utf8'), {
    ...{ header: true, dynamicTyping: true, skipEmptyLines: true },
  });
  expect(errors).toEqual([]);
  expect(meta.fields?.slice(0, 4)).toEqual(['rank', 'id', 'loss', 'label']);
  expect(data.map(({ rank }) => rank)).toEqual(Array.from({ length: 10_000 }, (_, row) => row + 1));
  expect(new Set(data.map(({ id }) => id)).size).toBe(10_000);
  for (let row = 1; row < data.length; row++) expect(data[row]!.loss).toBeLessThanOrEqual(data[row - 1]!.loss!);
  const { listed, truth, suspects } = await rhoJson('audit', store, '--top', '3');
  expect(data.slice(0, 3).map(({ id }) => id)).toEqual(listed.map(({ id }: { id: number }) => id));
  expect(data.filter(({ label, true_label }) => label !== true_label)).toHaveLength(truth.wrong);
  expect(data.filter(({ suspect }) => suspect === 1)).toHaveLength(suspects);
});

test('--class lists one given label alone, at its ranks among all', async () => {
  const file = folder.at('seven.csv');
  const all = await rhoJson('audit', store, '--top', '200');
  const { listed, only, examples } = await rhoJson('audit', store, '--class', '7', '--top', '5', '--csv', file);
  expect({ only, examples }).toEqual({ only: { label: 7, name: null }, examples: 10_000 });
  const sevens = all.listed.filter(({ given }: { given: { label: number } }) => given.label === 7);
  expect(listed).toEqual(sevens.slice(0, 5));
  expect((await readFile(file, 'utf8')).trimEnd().split('\r\n')).toHaveLength(6);
});

test('examples that the model was trained on are told', async () => {
  const seen = folder.at('seen');
  expect(
    (await rho('score', ...sample, '--model', folder.at('model/il.onnx'), '--split', 'all', '--out', seen)).code,
  ).toBe(0);
  const { notes } = await rhoJson('audit', seen);
  expect(notes).toEqual([expect.stringMatching(/^The model was trained on 10,000 of these examples/)]);
});

test('data that have moved are found by --data, with the fingerprint they had', async () => {
  await writeDigits(folder.at('here'), { train: 400, test: 50 });
  const made = ['--data', `idx:${folder.at('here')}`, '--noise', 'flip:0.2', '--threads', '1'];
  const moved = folder.at('moved');
  expect((await rho('score', ...made, '--model', folder.at('model/il.onnx'), '--out', moved)).code).toBe(0);
  await rename(folder.at('here'), folder.at('there'));
  expectRefusal(await rho('audit', moved), 3, 'no such folder; where data, labels or vocabulary lie elsewhere');
  expect(await rhoJson('audit', moved, '--data', `idx:${folder.at('there')}`)).toMatchObject({ examples: 200 });
});

test('what cannot be audited is refused in a sentence, and nothing is written', async () => {
  const cannot = 'Cannot read loss store';
  expectRefusal(await rho('audit', folder.at('none')), 3, `${cannot} "${folder.at('none')}": no such folder`);
  expectRefusal(
    await rho('audit', folder.at('model')),
    3,
    /it has no manifest\.json; name the folder that "rho score" wrote/,
  );
  await mkdir(folder.at('begun'));
  await writeFile(folder.at('begun/scoring.jsonl'), '{}\n');
  expectRefusal(await rho('audit', folder.at('begun')), 3, 'its scoring was interrupted; go on with');
  await writeDigits(folder.at('other'), { train: 400, test: 50 });
  const page = ['--html', folder.at('refused.html')];
  expectRefusal(
    await rho('audit', store, '--data', `idx:${folder.at('other')}`, ...page),
    3,
    /it was made for data .*, this is data/,
  );
  expectRefusal(
    await rho('audit', store, '--class', '10', ...page),
    2,
    'Cannot list the class "10" of "idx:data/mnist-sample": expected 0 to 9',
  );
  expectRefusal(await rho('audit', store, '--csv', folder.at('no/where.csv')), 3, 'no such folder');
  expect(await filesIn(folder.at())).not.toContainEqual(expect.stringMatching(/refused|\.tmp$/));
});

test.skipIf(!existsSync(browser))(
  'the page shows its pictures in a browser, light and dark, as wide as a phone (skipped without a Chromium)',
  async () => {
    const running = await chromium.launch({ executablePath: browser, args: ['--no-sandbox'] });
    try {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await running.newPage({ viewport: { width: 390, height: 800 }, colorScheme });
        const wrong: string[] = [];
        page.on('console', (message) => wrong.push(message.text()));
        page.on('request', (request) => {
          if (!/^(file|data):/.test(request.url())) wrong.push(request.url());
        });
        await page.goto(pathToFileURL(html).href);
        const images = page.locator('.examples img');
        expect(await images.count()).toBe(200);
        const widths = await images.evaluateAll((all) =>
          all.map((one) => (one as { naturalWidth?: number }).naturalWidth),
        );
        expect(new Set(widths)).toEqual(new Set([28]));
        // Only tables scroll sideways.
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
        expect(await page.locator('svg.chart').count()).toBe(2);
        expect(wrong).toEqual([]);
      }
    } finally {
      await running.close();
    }
  },
);
