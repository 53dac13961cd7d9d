import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import type { EvaluationEvent } from '../../src/loop/events.ts';
import { writeModel } from '../../src/onnx/model.ts';
import { formatAccuracy, formatSeconds, formatShare } from '../../src/report/format.ts';
import { headline } from '../../src/report/headline.ts';
import { parseReportData } from '../../src/report/reportData.ts';
import { filesIn, readEventsOf, rhoJson, root, sharedFolder } from '../cli/rho.ts';
import { callInPage, download, type GivenFile } from './inPage.ts';
import { noBrowser, type OpenBrowser, type OpenPage, openBrowser } from './page.ts';

const folder = await sharedFolder();
const section = 'section#train';

/** A small training, as it is typed. */
const typed = { steps: '60', evalEvery: '20', ilEpochs: '1', holdout: '6000:3000' };

async function fill(page: Page, values: Readonly<Record<string, string>>, model = 'mlp:64'): Promise<void> {
  await page.selectOption('#train-model', model);
  if ((await page.getAttribute(`${section} form details`, 'open')) === null)
    await page.click(`${section} form summary`);
  for (const [key, value] of Object.entries(values)) await page.fill(`#train-${key}`, value);
}

const start = (page: Page) => page.click(`${section} button[type=submit]`);
const ended = (page: Page, state = 'done') =>
  page.waitForSelector(`${section}[data-state=${state}]`, { timeout: 60_000 });
const press = (page: Page, name: string) => page.click(`${section} .actions >> text="${name}"`);
const alert = (page: Page) => page.textContent(`${section} [role=alert]`);

/** Waits until the progress of a part has come to a number of steps. */
const reaches = (page: Page, label: string, least: number) =>
  page.waitForFunction(
    ([label, least]) => {
      const [, done] =
        new RegExp(`^${label}: (\\d+) of`).exec(document.querySelector('.progress-line')?.textContent ?? '') ?? [];
      return Number(done) >= Number(least);
    },
    [label, least] as const,
    { timeout: 60_000 },
  );

/** What the points of a chart say under the pointer. */
const pointsOf = (page: Page, chart: number) =>
  page.$$eval(`${section} figure:nth-of-type(${chart}) circle title`, (titles) =>
    titles.map((title) => title.textContent),
  );

/** Downloads the newest run, and gives its folder and the evaluations of its targets. */
async function newestRun(page: Page, into: string) {
  await download(page, '/runs', folder.at(into));
  const name = (await readdir(folder.at(into)))
    .filter((run) => run.startsWith('compare-'))
    .sort()
    .at(-1)!;
  const events: Record<string, EvaluationEvent[]> = {};
  for (const strategy of ['rho', 'uniform']) {
    const all = await readEventsOf(folder.at(into, name, strategy));
    events[strategy] = all.filter((event): event is EvaluationEvent => event.type === 'evaluation');
  }
  return { at: folder.at(into, name), events };
}

function expectedPoints(
  events: Readonly<Record<string, readonly EvaluationEvent[]>>,
  value: (event: EvaluationEvent) => string,
) {
  return Object.entries(events).flatMap(([strategy, evaluations]) =>
    evaluations.map((event) => `${strategy}, step ${event.step} (${formatSeconds(event.seconds)}): ${value(event)}`),
  );
}

describe.skipIf(noBrowser !== null)(`training on the page (${noBrowser ?? 'in Chromium'})`, () => {
  let browser: OpenBrowser;
  let open: OpenPage;
  beforeAll(async () => {
    browser = await openBrowser();
    open = await browser.newPage();
  });
  afterAll(() => browser?.close());

  test('draws the events of the job, and ends with the report of the command line', async () => {
    const { page } = open;
    await fill(page, typed);
    await start(page);
    await ended(page);
    const { at, events } = await newestRun(page, 'straight');
    expect(events.rho!.map(({ step }) => step)).toEqual([20, 40, 60]);
    for (const chart of [1, 2])
      expect(await pointsOf(page, chart)).toEqual(expectedPoints(events, ({ accuracy }) => formatAccuracy(accuracy)));
    expect(await pointsOf(page, 3)).toEqual(expectedPoints(events, (event) => formatShare(event.corruptedShare)));

    const report = parseReportData(await readFile(`${at}/report.json`, 'utf8'), 'the report');
    expect(report.command).toMatch(/^rho compare --data idx:data\/mnist-sample .*--noise flip:0\.4 .*--model mlp:64/);
    expect(await page.textContent(`${section} .finding`)).toBe(headline(report).finding);
    const frame = page.frameLocator(`${section} iframe.report`);
    expect(await frame.locator('h1').textContent()).toBe(headline(report).finding);
    const names = await page.$$eval(`${section} .downloads a`, (links) =>
      links.map((link) => link.getAttribute('download')),
    );
    for (const name of ['report.html', 'rho-target.onnx', 'uniform-events.jsonl', 'il.onnx'])
      expect(names).toContain(name);
    expect(open.wrong).toEqual([]);
  });

  test('shows the points of the last step with their labels, the wrong ones marked', async () => {
    const { page } = open;
    const { at } = await newestRun(page, 'selected');
    for (const strategy of ['rho', 'uniform']) {
      const last = (await readEventsOf(`${at}/${strategy}`)).findLast((event) => event.type === 'step')!;
      const panel = page.locator(`${section} .selected-panel`, { hasText: `Selected by ${strategy}` });
      const said = `Step 60: 32 points, ${last.corrupted} with a wrong label, ${last.learnt} already learnt`;
      await panel.locator('p', { hasText: said }).waitFor();
      expect(await panel.locator('li').count()).toBe(32);
      expect(await panel.locator('li.wrong').count()).toBe(last.corrupted);
      expect(await panel.locator('li.wrong .label', { hasText: '✗' }).count()).toBe(last.corrupted);
      const ids = await panel
        .locator('img')
        .evaluateAll((images) => images.map((image) => Number((image as HTMLImageElement).alt.slice(8))));
      expect(ids).toEqual(last.ids);
    }
  });

  test('a training that was cancelled goes on from where it was', async () => {
    const { page } = open;
    await fill(page, { ...typed, steps: '400' });
    await start(page);
    await reaches(page, 'rho', 40);
    await press(page, 'Cancel');
    await ended(page, 'failed');
    const [, step] = /^Interrupted after step (\d+) of 400/.exec((await alert(page))!) ?? [];
    expect(Number(step)).toBeGreaterThanOrEqual(40);
    await press(page, 'Go on');
    await reaches(page, 'rho', Number(step));
    await ended(page);
    const { events } = await newestRun(page, 'cancelled');
    expect(events.rho!.map((event) => event.step)).toEqual(Array.from({ length: 20 }, (_, index) => 20 * (index + 1)));
    expect(await pointsOf(page, 1)).toEqual(expectedPoints(events, ({ accuracy }) => formatAccuracy(accuracy)));
  });

  test('a training on the sample goes on when other data are chosen meanwhile, and is shown and removed without the sample', async () => {
    const { page } = await browser.newPage();
    await fill(page, { ...typed, steps: '250' });
    await start(page);
    await reaches(page, 'rho', 20);
    await page.reload();
    await page.setInputFiles(
      '#files-input',
      ['train-images-idx3', 'train-labels-idx1'].map((name) => join(root, `data/mnist-sample/${name}-ubyte.gz`)),
    );
    await page.waitForFunction(() => document.querySelector('#chosen-data')!.textContent !== 'none yet');
    const row = page.locator(`${section} .kept li`, { hasText: '250 steps' });
    await row.locator('button', { hasText: 'Go on' }).click();
    await ended(page);

    await page.route('**/sample/**', (route) => route.abort());
    await page.reload();
    page.on('dialog', (dialog) => dialog.accept());
    await page.click(`${section} .kept >> xpath=.. >> summary`);
    await row.locator('button', { hasText: 'Show' }).click();
    await page.waitForSelector(`${section} .finding`);
    await row.locator('button', { hasText: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
    // What was removed is no longer on show.
    expect(await page.locator(`${section} .finding`).count()).toBe(0);
    expect(await page.isHidden(`${section} [role=alert]`)).toBe(true);
    await page.close();
  });

  test('a run that one tab trains is not gone on with in another', async () => {
    const [{ page }, other] = [await browser.newPage(), await browser.newPage()];
    await fill(page, { ...typed, steps: '900' });
    await start(page);
    await reaches(page, 'rho', 20);
    await other.page.reload();
    const row = other.page.locator(`${section} .kept li`, { hasText: '900 steps' });
    await row.locator('button', { hasText: 'Go on' }).click();
    await ended(other.page, 'failed');
    expect(await alert(other.page)).toMatch(
      /^Cannot write run "compare-[^"]*": another tab is writing into it; wait for it to end, or close it$/,
    );
    await other.page.close();
    await press(page, 'Cancel');
    await ended(page, 'failed');
    expect(await alert(page)).toMatch(/^Interrupted after step \d+ of 900$/);
    await page.close();
  });

  test('two models of one file name are two models, and messages name no paths', async () => {
    const { page } = await browser.newPage();
    const input = { inputDims: [1, 28, 28], classes: 10, preprocessing: { kind: 'none' }, seed: 1 } as const;
    const buffers = ['mlp:32', 'mlp:16'].map((name) => Buffer.from(writeModel(buildArchitecture(name, input))));
    await fill(page, { ...typed, steps: '20' }, 'own');
    await page.selectOption('#train-ilModel', 'own');
    for (const [index, buffer] of buffers.entries())
      await page.setInputFiles(`${section} input[type=file] >> nth=${index}`, {
        ...{ name: 'net.onnx', mimeType: 'application/octet-stream' },
        buffer,
      });
    await start(page);
    await ended(page);
    const { at } = await newestRun(page, 'own-models');
    expect((await readFile(`${at}/model/model/net.onnx`)).equals(buffers[0]!)).toBe(true);
    expect((await readFile(`${at}/model/ilModel/net.onnx`)).equals(buffers[1]!)).toBe(true);
    const sizes = await Promise.all(
      ['rho/target.onnx', 'il.onnx'].map(async (file) => (await readFile(`${at}/${file}`)).length),
    );
    expect(sizes).toEqual(buffers.map(({ length }) => length));
    const report = parseReportData(await readFile(`${at}/report.json`, 'utf8'), 'the report');
    expect(report.command).toContain('--model net.onnx');
    for (const line of await page.locator(`${section} .live details li`).allTextContents())
      expect(line).not.toMatch(/\/runs|compare-|--/);
    await page.close();
  });

  test('a training that a reload broke off is offered and goes on', async () => {
    const { page } = open;
    await fill(page, { ...typed, steps: '300' });
    await start(page);
    await reaches(page, 'uniform', 20);
    await page.reload();
    const row = page.locator(`${section} .kept li`, { hasText: '300 steps' });
    await row.filter({ hasText: 'interrupted' }).locator('button', { hasText: 'Go on' }).click();
    await ended(page);
    const { events } = await newestRun(page, 'reloaded');
    expect(events.uniform!.at(-1)!.step).toBe(300);
    expect(await pointsOf(page, 1)).toEqual(expectedPoints(events, ({ accuracy }) => formatAccuracy(accuracy)));
    expect(await row.locator('button', { hasText: 'Show' }).count()).toBe(1);
  });

  test.each([
    [
      { smallBatch: '640' },
      'Cannot select 640 of 320 candidates: “Selected of those” has to be at most “Candidates of a step”',
    ],
    [
      { bigBatch: '4000' },
      'Cannot draw batches of 4000 from 3000 target examples: choose a smaller “Candidates of a step”, or another “Holdout” than 6000:3000',
    ],
    [{ lr: '1e30' }, /^(IL t|T)raining diverged: the loss of step \d+ is (NaN|Infinity), try a lower “Learning rate”$/],
  ])('%j is a sentence', async (wrong, sentence) => {
    const { page } = await browser.newPage();
    await fill(page, { ...typed, ...wrong });
    await start(page);
    await ended(page, 'failed');
    expect(await alert(page)).toEqual(typeof sentence === 'string' ? sentence : expect.stringMatching(sentence));
    expect(await page.isEnabled(`${section} button[type=submit]`)).toBe(true);
    await page.close();
  });

  test('a model that is none is a sentence, and nothing of it is kept', async () => {
    const { page } = await browser.newPage();
    await fill(page, typed, 'own');
    await page.setInputFiles(`${section} input[type=file] >> nth=0`, {
      ...{ name: 'net.onnx', mimeType: 'application/octet-stream' },
      buffer: Buffer.from('no model'),
    });
    const before = (await callInPage(page, 'files', '/runs')).result!.length;
    await start(page);
    await ended(page, 'failed');
    expect(await alert(page)).toMatch(/^Cannot .*"net\.onnx"/);
    expect((await callInPage(page, 'files', '/runs')).result!.length).toBe(before);
    await page.close();
  });

  // A machine that is busy otherwise makes any task long: it is tried again.
  test('never blocks while it trains', { retry: 2 }, async () => {
    const { page } = await browser.newPage();
    await fill(page, typed);
    await page.evaluate(() => {
      const long: number[] = [];
      Object.assign(globalThis, { long });
      new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({
        type: 'longtask',
      });
    });
    await start(page);
    await ended(page);
    expect(await page.evaluate(() => (globalThis as unknown as { long: number[] }).long)).toEqual([]);
    await page.close();
  });

  test('a run of the command line is read, its report made again', async () => {
    const words = [
      '--data',
      'idx:data/mnist-sample',
      '--noise',
      'flip:0.4',
      '--holdout',
      '6000:3000',
      '--il-epochs',
      '1',
    ];
    const made = folder.at('cli');
    await rhoJson('compare', ...words, '--model', 'mlp:32', '--steps', '40', '--out', made);
    const given: GivenFile[] = [];
    for (const path of await filesIn(made))
      if (!path.includes('checkpoints'))
        given.push({ path: `/given/cli/${path}`, bytes: await readFile(`${made}/${path}`) });
    const { result, error } = await callInPage(open.page, 'openRun', '/given/cli', { given });
    expect(error).toBeUndefined();
    const report = parseReportData(await readFile(`${made}/report.json`, 'utf8'), 'the report');
    expect(result!.report!.headline).toEqual(headline(report));
    expect(result!.targets.map(({ strategy }) => strategy)).toEqual(['rho', 'uniform']);
    for (const { strategy, evaluations } of result!.targets)
      expect(evaluations).toEqual(report.runs.find((run) => run.strategy === strategy)!.evaluations);
    const none = await callInPage(open.page, 'openRun', '/rho-loss/data');
    expect(none.error).toMatch(
      /^Cannot open "\/rho-loss\/data": it holds no report\.json and no events\.jsonl, expected/,
    );
  });
});
