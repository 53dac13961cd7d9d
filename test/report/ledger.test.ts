import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/loop/ledger.ts';
import { renderHtml } from '../../src/report/html.ts';
import { breakEvenInWords, costInWords, highestShared, verdictInWords } from '../../src/report/ledgerWords.ts';
import { renderTable } from '../../src/report/table.ts';
import { assertNested } from './assertNested.ts';
import { sampleReport } from './sample.ts';

const known: Ledger = {
  threads: 2,
  scoreThreads: 1,
  onlineThreads: null,
  scoring: { form: 'int8', staleness: 1, refresh: 4 },
  secondsPerStep: 0.0091,
  uniformSecondsPerStep: 0.0064,
  uniformSteps: 1.42,
  busy: { train: 0.007, score: 0.006, irreducible: 0, trainer: 0.007, beside: 0.006, both: 0.005 },
  uniformBusy: { train: 0.006, score: 0, irreducible: 0, trainer: 0.006, beside: 0, both: 0 },
  waiting: { trainer: 0.0021, beside: 0.0031 },
  overlap: 0.92,
  scored: 0.31,
  trained: 2.1,
  kept: 0.1,
  agreement: { spearman: 0.97, topTenthOverlap: 0.88, evaluations: 15 },
  irreducibleSeconds: 2,
  sharedBy: 3,
  targets: {
    '0.95': {
      stepGain: 3,
      breakEven: 0.42,
      uniformSeconds: 4,
      seconds: { none: 2, sharedHere: 2.67, sharedByFive: 4, whole: 8 },
      gain: { none: 2, sharedHere: 1.5, sharedByFive: 1, whole: 0.5 },
    },
    '0.97': {
      stepGain: null,
      breakEven: null,
      uniformSeconds: null,
      seconds: { none: 5, sharedHere: 5.67, sharedByFive: 5.4, whole: 7 },
      gain: { none: null, sharedHere: null, sharedByFive: null, whole: null },
    },
  },
  unknown: {},
};

const hidden: Ledger = {
  ...known,
  uniformSteps: null,
  scored: null,
  trained: null,
  overlap: null,
  busy: null,
  agreement: null,
  irreducibleSeconds: null,
  unknown: { uniformSteps: 'no <uniform> run', scored: 'never timed', overlap: 'not recorded' },
};

describe('the ledger in words', () => {
  it('tells the cost of a step, how it was scored and how well that agrees', () => {
    expect(costInWords('rho', known)).toBe(
      'A rho step cost 1.42 uniform steps (9.1 ms, 6.4 ms); scoring int8, 1 step behind, refreshed every 4 steps, f 0.31, overlap 92%, Spearman 0.97, top-10% overlap 0.88.',
    );
  });

  it('says why a figure is missing', () => {
    expect(costInWords('rho', hidden)).toContain(
      'took 9.1 ms, in uniform steps not known: no <uniform> run; scoring int8, 1 step behind, refreshed every 4 steps, f not known: never timed.',
    );
  });

  it('tells the f to break even at, and where there is none', () => {
    expect(breakEvenInWords('rho', '0.95', known)).toContain('where f is below 0.42 (a trained example costs 2.1');
    const behind = { ...known, targets: { '0.95': { ...known.targets['0.95']!, breakEven: -0.1 } } };
    expect(breakEvenInWords('rho', '0.95', behind)).toContain('no f is low enough');
    expect(breakEvenInWords('rho', '0.97', known)).toBe('');
  });

  it('says plainly who was faster, without, with a fifth and with all of the IL model', () => {
    expect(verdictInWords('rho', '0.95', known)).toBe(
      'Without the IL model rho was 2.0x faster to 0.95 (2.00 s, uniform 4.00 s); rho was as fast as uniform when 5 runs share it; uniform was 2.0x faster when all of it is counted.',
    );
    expect(verdictInWords('loss', '0.95', { ...known, irreducibleSeconds: 0 })).toBe(
      'loss was 2.0x faster to 0.95 (2.00 s, uniform 4.00 s).',
    );
    expect(verdictInWords('rho', '0.97', known)).toBe('Only rho reached 0.97 with every seed (5.00 s).');
  });

  it('takes the highest target that both reached', () => {
    expect(highestShared(known)).toBe('0.95');
  });
});

describe('the ledger in a report', () => {
  it('stands below the table of the terminal', () => {
    const text = renderTable(sampleReport({ ledger: { rho: known } })).replace(/\n/g, ' ');
    expect(text).toContain('A rho step cost 1.42 uniform steps');
    expect(text).toContain('To 0.95 scoring saves machine time where f is below 0.42');
    expect(renderTable(sampleReport())).not.toContain('uniform steps (');
  });

  it('is a section with a lane for each side, the figures and the time to each target', async () => {
    const html = await renderHtml(sampleReport({ ledger: { rho: known } }));
    assertNested(html);
    expect(html).toContain('<h2>What selection costs</h2>');
    for (const text of ['score 6.0 ms', 'train 7.0 ms', 'rho, 9.1 ms a step', 'uniform, 6.4 ms a step'])
      expect(html).toContain(text);
    expect(html).toContain('<td>1.42<small>9.1 ms, uniform 6.4 ms</small></td>');
    expect(html).toContain('<td>2.67 s<small>1.50x, by 3</small></td>');
    expect(html).toContain('The irreducible losses cost 2.00 s.');
  });

  it('gives reasons in place of what is not known, and draws no time that was not recorded', async () => {
    const html = await renderHtml(sampleReport({ ledger: { rho: { ...hidden, uniformBusy: null } } }));
    expect(html).toContain('<td>—<small>no &lt;uniform&gt; run</small></td>');
    expect(html).not.toContain('a lane each');
    expect(html).toContain('were made elsewhere');
  });

  it('is left out of a report of before there was one', async () => {
    expect(await renderHtml(sampleReport())).not.toContain('What selection costs');
  });
});
