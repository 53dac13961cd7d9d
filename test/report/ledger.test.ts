import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/loop/ledger.ts';
import { renderHtml } from '../../src/report/html.ts';
import {
  breakEvenInWords,
  costInWords,
  highestShared,
  overlapInWords,
  reuseInWords,
  verdictInWords,
  waitingInWords,
} from '../../src/report/ledgerWords.ts';
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
  waiting: { trainer: 0.0021, forBeside: 0.001, beside: 0.0031 },
  overlap: 0.92,
  scored: 0.31,
  scoredSpread: { q25: 0.28, q75: 0.36, stretches: 15 },
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
  unknown: {
    uniformSteps: 'no <uniform> run',
    scored: 'never timed',
    overlap: 'not recorded',
    agreement: 'pass --eval-every below 15',
  },
};

describe('the ledger in words', () => {
  it('tells the cost of a step, how it was scored, what overlapped and how well that agrees, in words that say what they mean', () => {
    expect(costInWords('rho', known)).toBe(
      [
        'A rho step took 9.1 ms, as long as 1.42 uniform steps (6.4 ms each).',
        'Candidates were scored in 8 bits (int8), by weights 1 step old (staleness), refreshed every 4 steps; f, the cost of scoring one, was 0.31 exact forward passes (0.28 to 0.36 in the middle half of 15 measurements).',
        "Beside the trainer 1 thread scored candidates for 66% of the time, 83% of that while the trainer worked, which is 71% of the trainer's work.",
        'In 15 comparisons with exact scores: rank correlation 0.97 (Spearman, 1 is the same order), 88% of the best tenth in common.',
      ].join(' '),
    );
    // Said once, words are not explained again.
    expect(costInWords('il', known, true)).not.toMatch(/the cost of scoring one|Spearman/);
  });

  it('says why a figure is missing', () => {
    expect(costInWords('rho', hidden)).toBe(
      'A rho step took 9.1 ms, one of uniform 6.4 ms, not to be compared: no <uniform> run. Candidates were scored in 8 bits (int8), by weights 1 step old (staleness), refreshed every 4 steps; f, the cost of scoring one, is not known: never timed. How well its scores agree with exact ones is not known: pass --eval-every below 15.',
    );
  });

  it('says of exact scores that they are the unit, and nothing of how well they agree', () => {
    const exact = { form: 'exact', staleness: 0, refresh: 1 };
    const more = { scoring: exact, scored: 1, scoredSpread: null, agreement: null, busy: null };
    expect(costInWords('rho', { ...known, ...more, unknown: { agreement: 'its scores are exact' } })).toMatch(
      / each\)\. Candidates were scored exactly, which is the unit of cost \(f = 1\)\.$/,
    );
  });

  it('says that a thread for irreducible losses is mostly idle, however much of its work overlaps', () => {
    const busy = { train: 0.008, score: 0, irreducible: 0.00091, trainer: 0.008, beside: 0.00091, both: 0.0007 };
    expect(overlapInWords({ ...known, scoreThreads: null, onlineThreads: 1, busy })).toBe(
      "Beside the trainer 1 thread scored irreducible losses for 10% of the time, 77% of that while the trainer worked, which is 9% of the trainer's work.",
    );
  });

  it('names what the trainer waits for', () => {
    expect(waitingInWords(known)).toBe('1.0 ms while candidates are scored, 1.1 ms for data and messages');
    const both = { ...known.busy!, irreducible: 0.001 };
    expect(waitingInWords({ ...known, busy: both })).toContain('while candidates and irreducible losses are scored');
    const alone = { trainer: 0.0021, forBeside: 0, beside: null };
    expect(waitingInWords({ ...known, waiting: alone })).toBe('for data and messages');
  });

  it('tells in how many steps losses were reused, and in a sentence that none were', () => {
    const reused = { steps: 69, of: 100, pass: 31 };
    expect(reuseInWords({ ...known, reused })).toBe(
      'Losses were reused in 69 of 100 steps; f and agreement are of these.',
    );
    expect(reuseInWords({ ...known, reused: { ...reused, steps: 0, of: 30 } })).toBe(
      'Nothing was reused, so f and agreement are of scoring all candidates: losses are known from the second pass over the data on, and a pass takes 31 steps.',
    );
    expect(reuseInWords(known)).toBe('');
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
  });

  it('says within how many steps and seconds a target was not reached, and of seeds only where there are several', () => {
    const one = { seeds: 1, steps: 300, seconds: 2 };
    expect(verdictInWords('rho', '0.97', { ...known, uniformRan: one })).toBe(
      'rho reached 0.97 in 5.00 s, uniform not within the 300 steps (2.00 s) it ran.',
    );
    expect(verdictInWords('rho', '0.97', { ...known, uniformRan: { ...one, seeds: 3 } })).toBe(
      'rho reached 0.97 in 5.00 s, uniform not with every seed within the 300 steps (2.00 s) it ran.',
    );
    // A report of before runs said how far they went.
    expect(verdictInWords('rho', '0.97', known)).toBe('rho reached 0.97 in 5.00 s, uniform not in its run.');
  });

  it('says nothing of uniform where no uniform run stands beside it', () => {
    const single = {
      ...known,
      uniformSecondsPerStep: null,
      uniformSteps: null,
      ran: { seeds: 1, steps: 300, seconds: 9 },
    };
    expect(verdictInWords('rho', '0.97', single)).toBe('rho reached 0.97 in 5.00 s, 7.00 s with all of the IL model.');
    const never = {
      ...known.targets['0.97']!,
      seconds: { none: null, sharedHere: null, sharedByFive: null, whole: null },
    };
    expect(verdictInWords('rho', '0.97', { ...single, targets: { '0.97': never } })).toBe(
      'rho did not reach 0.97 within the 300 steps (9.00 s) it ran.',
    );
    expect(costInWords('rho', single)).toContain(
      'took 9.1 ms. What selection gains is seen beside training on random candidates: "rho compare --strategy uniform,rho".',
    );
  });

  it('takes the highest target that both reached', () => {
    expect(highestShared(known)).toBe('0.95');
  });
});

describe('the ledger in a report', () => {
  it('stands below the table of the terminal', () => {
    const text = renderTable(sampleReport({ ledger: { rho: known } })).replace(/\n/g, ' ');
    expect(text).toContain('A rho step took 9.1 ms, as long as 1.42 uniform steps (6.4 ms each).');
    expect(text.match(/evaluations left out/g)).toHaveLength(1);
    expect(text).toContain('To 0.95 scoring saves machine time where f is below 0.42');
    expect(renderTable(sampleReport())).not.toContain('uniform steps (');
    const two = renderTable(sampleReport({ ledger: { rho: known, loss: known } })).replace(/\n/g, ' ');
    expect(two.match(/\(Spearman, 1 is the same order\)/g)).toHaveLength(1);
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
    for (const text of [
      '<td>83%<small>71% of the trainer’s work; candidates scored for 66% of the time</small></td>',
      '<td>2.1 ms<small>1.0 ms while candidates are scored, 1.1 ms for data and messages</small></td>',
      '<td>0.31<small>exact forward passes; 0.28 to 0.36 in the middle half of 15 measurements</small></td>',
    ])
      expect(html).toContain(text);
  });

  it('has no columns and no claims of uniform where none ran, and says where the cost of the IL model is from', async () => {
    const irreducibleSource =
      '1.28 s of training the IL model, from a/il.json, 0.72 s of scoring by it, from b/manifest.json';
    const single = { ...known, uniformSecondsPerStep: null, uniformSteps: null, uniformBusy: null, irreducibleSource };
    const html = await renderHtml(
      sampleReport({ strategies: { rho: sampleReport().strategies.rho! }, ledger: { rho: single } }),
    );
    const section = html.slice(html.indexOf('<h2>What selection costs'), html.indexOf('<h2>What was selected'));
    expect(section).toContain('<li>rho reached 0.95 in 2.00 s, 8.00 s with all of the IL model.</li>');
    expect(section).not.toMatch(/Only|step gain|break-even|>uniform/);
    expect(section).toContain(`The irreducible losses cost 2.00 s: ${irreducibleSource}.`);
  });

  it('gives reasons in place of what is not known, and draws no time that was not recorded', async () => {
    const html = await renderHtml(sampleReport({ ledger: { rho: { ...hidden, uniformBusy: null } } }));
    expect(html).toContain('<td>—<small>no &lt;uniform&gt; run</small></td>');
    expect(html).not.toContain('a lane each');
    expect(html).toContain('What the irreducible losses cost is not known: they were made elsewhere.');
  });

  it('is left out of a report of before there was one', async () => {
    expect(await renderHtml(sampleReport())).not.toContain('What selection costs');
  });
});
