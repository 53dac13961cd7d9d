import { beforeAll, describe, expect, it } from 'vitest';
import { renderHtml } from '../../src/report/html.ts';
import { assertNested } from './assertNested.ts';
import { evaluation, hardExample, perSeed, sampleReport, summary } from './sample.ts';

describe('the HTML report', () => {
  let html = '';
  beforeAll(async () => {
    html = await renderHtml(sampleReport());
  });

  it('refers to nothing outside itself', () => {
    const addresses = [...html.matchAll(/([\w:-]+)="(https?:[^"]*)"/g)].map(([, name]) => name);
    expect(addresses.filter((name) => name !== 'xmlns')).toEqual([]);
    expect(html.replace(/xmlns="[^"]*"/g, '')).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/@import|<link|<script|url\(/);
    expect([...html.matchAll(/src="([^"]{0,15})/g)].map(([, start]) => start)).toEqual(['data:image/bmp;']);
  });

  it('escapes what users typed', () => {
    expect(html).toContain('<title>A &lt;title&gt; &amp; more</title>');
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
    expect(html).toContain('A note with &lt;angle&gt; brackets.');
    expect(html).toContain('idx:it&#39;s &lt;here&gt;');
  });

  it('is one well-formed page with one main heading', () => {
    expect(html.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    assertNested(html);
  });

  it('has the sections in their order', () => {
    expect([...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)).toEqual([
      'Comparison',
      'Test accuracy',
      'What was selected',
      'Losses of selected and passed-over candidates',
      'Irreducible losses',
      'How to run this again',
      'Notes and limits',
    ]);
  });

  it('defines its colours for light and dark and for paper', () => {
    expect(html).toContain('@media screen and (prefers-color-scheme: dark)');
    expect(html).toContain('@media print');
    expect(html.match(/--c0: #/g)).toHaveLength(2);
  });

  it('gives each chart a description and each point a title', () => {
    expect(html.match(/<svg [^>]*role="img"/g)).toHaveLength(8);
    expect(html.match(/<svg [^>]*aria-label="[^"]{20,}"/g)).toHaveLength(8);
    expect(html).toContain('<title>rho, step 300 (3.00 s): 0.922</title>');
    expect(html).toContain('<title>label wrong, 1.00 and above: 4</title>');
  });

  it('draws the lines of a strategy in its own colour', () => {
    expect(html).toMatch(/fill="var\(--c0\)"[^>]*>(<[^>]*>)*rho</);
    expect(html).toMatch(/fill="var\(--c1\)"[^>]*>(<[^>]*>)*uniform</);
  });

  it('shows hard examples with label, truth, prediction and loss', () => {
    expect(html).toContain(
      'labelled 3<br><b>truly 8</b><br>predicted 8<br><span class="quiet">loss 7.42, id 1234</span>',
    );
  });

  it('is the same text for the same data', async () => {
    expect(await renderHtml(sampleReport())).toBe(html);
  });

  it('shows the spread and the number of seeds that reached a target', async () => {
    const strategies = {
      rho: summary({ steps: perSeed(60, 80), seconds: perSeed(0.6, 0.8), accuracy: perSeed(0.92, 0.94) }),
      uniform: summary({ steps: perSeed(180, null), seconds: perSeed(1, null), accuracy: perSeed(0.88, 0.9) }),
    };
    const runs = [0, 1].map((seed) => ({ strategy: 'rho', seed, evaluations: [evaluation(20, 0.5 + seed / 10)] }));
    const page = await renderHtml(sampleReport({ strategies, runs }));
    // The sample deviation of 60 and 80 is sqrt(200) = 14.1.
    expect(page).toContain('70<small>± 14</small>');
    expect(page).toContain('—<small>1 of 2 seeds</small>');
    expect(page).toContain('Means over seeds 0, 1');
    expect(page).toContain('<title>rho, step 20 (0.20 s): 0.550</title>');
  });

  it('makes do without irreducible losses, truth, targets or runs', async () => {
    const plain = sampleReport({ irreducible: null, il: null, runs: [], strategies: {} });
    const page = await renderHtml({ ...plain, data: { ...plain.data, noise: 'none', noiseRate: null } });
    expect(page).toContain('There are no runs to compare.');
    expect(page).not.toContain('Irreducible losses');
    expect(page).not.toContain('NaN');
    assertNested(page);
  });

  it('has a table of accuracy after equal seconds where there are such', async () => {
    expect(html).not.toContain('accuracy after');
    const { uniform, rho } = sampleReport().strategies;
    const strategies = {
      uniform: { ...uniform!, accuracyAfter: { '0.6': perSeed(0.7) } },
      rho: { ...rho!, accuracyAfter: { '0.6': perSeed(0.85) } },
    };
    const page = await renderHtml(sampleReport({ strategies }));
    assertNested(page);
    expect(page).toContain('aria-label="Accuracy after equal seconds of training"');
    expect(page).toMatch(/0\.60 s<\/th>/);
    expect(page).toContain('<td class="first best">0.850</td>');
  });

  it('leaves options without a value out of the configuration', async () => {
    const config = { lr: 0.001, clip: null, freeze: [], nested: { tokens: null, seed: 0 } };
    const page = await renderHtml(sampleReport({ config }));
    expect(page).toContain('<th scope="row">nested.seed</th><td>0</td>');
    for (const name of ['clip', 'freeze', 'tokens']) expect(page).not.toContain(`${name}</th>`);
  });

  it('says that the true labels are not known instead of drawing an empty chart', async () => {
    const runs = sampleReport().runs.map((run) => ({
      ...run,
      evaluations: run.evaluations.map((event) => ({ ...event, corruptedShare: null })),
    }));
    const irreducible = {
      histogram: { edges: [0, 1], clean: null, corrupted: null, all: [3] },
      hardest: [{ ...hardExample, trueLabel: null, image: null, text: 'a <b>bold</b> claim' }],
    };
    const page = await renderHtml(sampleReport({ runs, irreducible }));
    expect(page).toContain('the true labels of this data are not');
    expect(page).not.toContain('With a wrong label');
    expect(page).not.toContain('truly');
    expect(page).toContain('a &lt;b&gt;bold&lt;/b&gt; claim');
  });
});
