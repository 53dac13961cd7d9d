import Papa from 'papaparse';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditCsv } from '../../src/report/auditCsv.ts';
import type { AuditCard, AuditData, AuditExample } from '../../src/report/auditData.ts';
import { renderAudit } from '../../src/report/auditHtml.ts';
import { renderAuditTable } from '../../src/report/auditTable.ts';
import { oneLine } from '../../src/report/textTable.ts';
import { assertNested } from './assertNested.ts';

const cat = { label: 3, name: 'cat' };
const dog = { label: 5, name: 'dog <big>' };

const example: AuditExample = {
  rank: 1,
  id: 42,
  loss: 4.5,
  given: cat,
  givenProbability: Math.exp(-4.5),
  suggested: dog,
  suggestedProbability: 0.9,
  margin: -0.875,
  suspect: true,
  truth: dog,
  text: null,
};
const agreeing: AuditExample = { ...example, rank: 2, id: 7, loss: 0.5, suggested: cat, suspect: false, truth: cat };
const unknown: AuditExample = {
  ...example,
  ...{ rank: 3, id: 8, loss: Infinity, givenProbability: 0, truth: null, given: { label: 1, name: null } },
  ...{ suggested: null, suggestedProbability: null, margin: null, suspect: null },
};

const found: AuditData = {
  store: 'runs/il',
  created: '2026-11-22T12:00:00.000Z',
  versions: { rhoLoss: '0.1.0' },
  data: { name: "cifar:it's", fingerprint: '3f2a', classes: 10, noise: 'none', labels: 'l.csv:worse', split: 'target' },
  models: ['cnn'],
  examples: 1000,
  nan: 2,
  differing: 250,
  suspects: 200,
  classes: [
    { given: cat, examples: 400, suspects: 150, wrong: 120, confusions: [{ suggested: dog, count: 150 }] },
    { given: dog, examples: 600, suspects: 50, wrong: 30, confusions: [{ suggested: cat, count: 50 }] },
  ],
  truth: {
    wrong: 150,
    wrongSuspects: 130,
    counts: [100, 150],
    rankings: {
      loss: { auroc: 0.931, precision: [0.97, 0.8] },
      margin: { auroc: 0.925, precision: [0.96, 0.79] },
      confidence: { auroc: 0.512, precision: [0.2, 0.16] },
    },
    curve: {
      counts: [10, 100, 1000],
      precision: { loss: [1, 0.97, 0.15], margin: [1, 0.96, 0.15], confidence: [0.1, 0.2, 0.15] },
    },
  },
  histogram: { edges: [0, 1, 2], clean: [800, 50], corrupted: [10, 140], all: [810, 190] },
  only: null,
  notes: ['A note with <angle> brackets.'],
};
const withoutTruth: AuditData = {
  ...found,
  truth: null,
  histogram: { edges: [0, 1], clean: null, corrupted: null, all: [3] },
};
const withoutPredictions: AuditData = { ...withoutTruth, differing: null, suspects: null };

const rowsOf = (table: string): string[][] => table.split('\n').map((line) => line.trim().split(/ {2,}/));

describe('an audit in the terminal', () => {
  it('lists examples with label, suggestion and truth', () => {
    const rows = rowsOf(renderAuditTable(found, [example, agreeing]));
    expect(rows[0]).toEqual(['rank', 'id', 'loss', 'label', 'p', 'suggested', 'p', 'margin', 'truth']);
    expect(rows[1]).toEqual(['1', '42', '4.50', '3 cat', '1.1%', '5 dog <big>', '90.0%', '-0.88', '5 dog <big>']);
    expect(rows[2]!.slice(5)).toEqual(['the same', '90.0%', '-0.88', 'as labelled']);
  });

  it('tells shares and confusions by label, and what each ranking is worth', () => {
    const rows = rowsOf(renderAuditTable(found, [example]));
    expect(rows).toContainEqual(['3 cat', '400', '150', '37.5%', '30.0%', 'dog <big> (150)']);
    expect(rows).toContainEqual(['ranked by', 'AUROC', 'first 100', 'first 150']);
    expect(rows).toContainEqual(['irreducible loss', '0.931', '97.0%', '80.0%']);
    expect(rows).toContainEqual(['plain confidence', '0.512', '20.0%', '16.0%']);
  });

  it('ends with the finding, what was left out and the notes', () => {
    const lines = renderAuditTable(found, [example]).split('\n');
    expect(lines.slice(-3)).toEqual([
      '200 of 1,000 labels are suspect (20.0%), 65.0% of them truly wrong.',
      'Left out: 2 examples whose loss is not a number.',
      'A note with <angle> brackets.',
    ]);
  });

  it('makes do without truth and without predictions', () => {
    const table = renderAuditTable(withoutPredictions, [unknown]);
    expect(rowsOf(table)[1]).toEqual(['3', '8', 'inf', '1', '0.0%', '—', '—', '—']);
    expect(table).toContain('1,000 labels, ranked by irreducible loss.');
    expect(table).not.toContain('AUROC');
  });

  it('says where a label has no examples', () => {
    expect(renderAuditTable({ ...found, only: cat }, [])).toMatch(/^no examples labelled 3 cat\n/);
  });

  it('shows texts in one line, without what a terminal would obey', () => {
    const esc = String.fromCharCode(27);
    expect(oneLine(`a\n\tb${esc}[31m c`, 20)).toBe('a b [31m c');
    expect(oneLine('0123456789', 5)).toBe('0123…');
    expect(renderAuditTable(found, [{ ...example, text: `fine\u0007 film` }])).toContain('fine film');
  });
});

describe('an audit as CSV', () => {
  const csv = (examples: readonly AuditExample[]): Record<string, string>[] => {
    const { data, errors } = Papa.parse<Record<string, string>>([...auditCsv(examples)].join(''), {
      header: true,
      skipEmptyLines: true,
    });
    expect(errors).toEqual([]);
    return data;
  };

  it('has a row per example, and its text as it is', () => {
    const text = 'He said "no",\nthen left';
    expect(csv([{ ...example, text }])).toEqual([
      {
        ...{ rank: '1', id: '42', loss: '4.5', label: '3', label_name: 'cat', predicted: '5' },
        ...{ predicted_name: 'dog <big>', p_label: '0.0111089965', p_predicted: '0.9', margin: '-0.875' },
        ...{ suspect: '1', true_label: '5', text },
      },
    ]);
  });

  it('leaves empty what is not known', () => {
    expect(csv([unknown])[0]).toMatchObject({ loss: 'inf', predicted: '', margin: '', suspect: '', true_label: '' });
  });

  it('comes in pieces, with one header', () => {
    const examples = Array.from({ length: 2500 }, (_, id) => ({ ...example, id }));
    expect([...auditCsv(examples)]).toHaveLength(3);
    expect(csv(examples).map(({ id }) => Number(id))).toEqual(examples.map(({ id }) => id));
    expect([...auditCsv([])].join('')).toMatch(/^rank,id,.*,text\r\n$/);
  });
});

describe('an audit as a page', () => {
  const cards: AuditCard[] = [
    { ...example, picture: 'data:image/bmp;base64,AA==' },
    { ...agreeing, picture: null, text: 'a <b>bold</b> claim' },
  ];
  let html = '';
  beforeAll(async () => {
    html = await renderAudit(found, cards, "rho audit 'my <store>'");
  });

  it('is one well-formed page that refers to nothing outside itself', () => {
    expect(html.match(/<h1>/g)).toHaveLength(1);
    assertNested(html);
    expect(html.replace(/xmlns="[^"]*"/g, '')).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/@import|<link|<script|url\(/);
  });

  it('has the sections in their order', () => {
    expect([...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)).toEqual([
      'What the ranking is worth',
      'By label',
      'The 2 highest losses',
      'How to run this again',
      'Notes and limits',
    ]);
  });

  it('escapes names, texts and notes', () => {
    expect(html).toContain('cifar:it&#39;s');
    expect(html).toContain('suggested <b>dog &lt;big&gt;</b> <span class="quiet">90.0%</span>');
    expect(html).toContain('a &lt;b&gt;bold&lt;/b&gt; claim');
    expect(html).toContain('A note with &lt;angle&gt; brackets.');
    expect(html).toContain('my &lt;store&gt;');
  });

  it('tells wrong labels from right ones', () => {
    expect(html).toContain('</span>truly dog &lt;big&gt;</span>');
    expect(html).toContain('</span>label right</span>');
  });

  it('draws the precision of each ranking and the losses', () => {
    expect(html.match(/<svg [^>]*aria-label="[^"]{20,}"/g)).toHaveLength(2);
    expect(html).toContain('<title>plain confidence, first 100: 20.0% wrong</title>');
    expect(html).toContain('<title>label wrong, 1.00 and above: 140</title>');
  });

  it('makes do without truth, predictions or examples', async () => {
    const page = await renderAudit(withoutPredictions, [{ ...unknown, picture: null }], 'rho audit il');
    expect(page).toContain('loss ∞, id 8');
    expect(page).not.toMatch(/NaN|undefined|AUROC|truly/);
    assertNested(page);
    const empty = await renderAudit({ ...withoutTruth, only: cat }, [], 'rho audit il --class cat');
    expect(empty).toContain('There are none.');
    assertNested(empty);
  });
});
