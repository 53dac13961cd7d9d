import { describe, expect, it } from 'vitest';
import { renderTable } from '../../src/report/table.ts';
import { perSeed, sampleReport, summary } from './sample.ts';

const esc = String.fromCharCode(27);

function cellsOf(table: string, strategy: string): string[] {
  const row = table.split('\n').find((line) => line.trimStart().startsWith(strategy));
  return row?.split('│').map((cell) => cell.trim().replace(/ +/g, ' ')) ?? [];
}

describe('the table for a terminal', () => {
  it('has a row per strategy with steps, time, accuracy and shares', () => {
    const table = renderTable(sampleReport());
    expect(cellsOf(table, 'uniform')).toEqual([
      'uniform',
      '180 1.10 s',
      '2.00 s',
      '0.883 0.875',
      '20.0% 40.0%',
      '12.5% 25.0%',
    ]);
    expect(cellsOf(table, 'rho')).toEqual(['rho', '60 0.60 s', '2.00 s', '0.922 0.875', '12.0% 24.0%', '12.5% 25.0%']);
  });

  it('shows a dash for a target that was never reached', () => {
    expect(cellsOf(renderTable(sampleReport()), 'training-loss')[1]).toBe('— —');
  });

  it('shows accuracy after equal seconds beside the time to accuracy', () => {
    const { uniform, rho } = sampleReport().strategies;
    const strategies = {
      uniform: { ...uniform!, accuracyAfter: { '0.6': perSeed(0.7), '1.2': perSeed(0.8) } },
      rho: { ...rho!, accuracyAfter: { '0.6': perSeed(0.85), '1.2': perSeed(0.9) } },
    };
    const table = renderTable(sampleReport({ strategies }));
    expect(table).toContain('│ accuracy after');
    expect(table).toMatch(/ 0\.60 s 1\.20 s │/);
    expect(table).toMatch(/ rho .*│ +0\.850 +0\.900 │/);
    expect(table).toMatch(/ uniform .*│ +0\.700 +0\.800 │/);
  });

  it('says once that times leave out evaluations, and what uniform is where there is one beside another', () => {
    const table = renderTable(sampleReport()).replaceAll('\n', ' ');
    expect(table.match(/Times are of training alone, evaluations left out\./g)).toHaveLength(1);
    expect(table).toContain('uniform: trains on random candidates.');
    const { rho } = sampleReport().strategies;
    expect(renderTable(sampleReport({ strategies: { rho: rho! } }))).not.toContain('uniform');
  });

  it('leaves out the corrupted share where the true labels are not known', () => {
    const unknown = summary({ steps: perSeed(1), seconds: perSeed(1), accuracy: perSeed(0.9), corrupted: null });
    const header = renderTable(sampleReport({ strategies: { rho: unknown } })).split('\n')[0];
    expect(header).toContain('learnt');
    expect(header).not.toContain('corrupted');
  });

  it('aligns its columns and stays within 100 characters', () => {
    const lines = renderTable(sampleReport()).split('\n').slice(0, 6);
    const bars = (line: string): number[] => [...line].flatMap((character, at) => (/[│┼]/.test(character) ? [at] : []));
    for (const line of lines) {
      expect(bars(line)).toEqual(bars(lines[0]!));
      expect(line.length).toBeLessThanOrEqual(100);
    }
  });

  it('is cut into speed and quality where four targets would make it too wide', () => {
    const targets = ['0.8', '0.85', '0.9', '0.95'];
    const base = sampleReport();
    const all = (value: number) => Object.fromEntries(targets.map((target) => [target, perSeed(value)]));
    const strategies = Object.fromEntries(
      Object.entries(base.strategies).map(([name, one]) => [
        name,
        { ...one, stepsToTarget: all(1000), secondsToTarget: all(1000) },
      ]),
    );
    const lines = renderTable({ ...base, strategies }).split('\n');
    expect(lines[0]).toMatch(/reach 0\.8 .*reach 0\.85.*reach 0\.9 .*reach 0\.95.*run/);
    expect(lines.filter((line) => line.includes('accuracy ')).length).toBe(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('uses no escape codes unless asked, and then makes the best value of a column bold', () => {
    const bold = (text: string): string => `${esc}[1m${text}${esc}[22m`;
    expect(renderTable(sampleReport())).not.toContain(esc);
    const coloured = renderTable(sampleReport(), true);
    expect(coloured).toContain(bold('60'));
    expect(coloured).toContain(bold('0.922'));
    expect(coloured).not.toContain(bold('180'));
  });

  it('makes nothing bold in a column where all are equal or where less is no merit', () => {
    const coloured = renderTable(sampleReport(), true);
    expect(coloured).not.toContain(`${esc}[1m2.00 s`);
    expect(coloured).not.toContain(`${esc}[1m12.5%`);
  });

  it('ends with the finding', () => {
    expect(renderTable(sampleReport()).replace(/\n/g, ' ')).toContain(
      'rho reaches 0.9 in 60 steps (0.60 s), uniform in 180 steps',
    );
  });
});
