import { describe, expect, it } from 'vitest';
import { makeProgress, type Progress } from '../../src/report/progress.ts';

function recorded(isTTY: boolean, columns = 80): { progress: Progress; output: string[]; wait: (ms: number) => void } {
  let clock = 5000;
  const output: string[] = [];
  const progress = makeProgress({ write: (text) => output.push(text), isTTY, now: () => clock, columns });
  return {
    progress,
    output,
    wait: (ms) => {
      clock += ms;
    },
  };
}

describe('progress on a terminal', () => {
  it('draws per cent, rate and time left on one line', () => {
    const { progress, output, wait } = recorded(true);
    progress.start('training', 100);
    wait(10_000);
    progress.update(25, 'loss 0.5');
    expect(output.at(-1)).toBe('\rtraining █████░░░░░░░░░░░░░░░  25%, 2.50/s, 0:30 left, loss 0.5\x1b[K');
  });

  it('redraws at most ten times a second', () => {
    const { progress, output, wait } = recorded(true);
    progress.start('training', 1000);
    for (let step = 1; step <= 1000; step++) {
      wait(1);
      progress.update(step);
    }
    expect(output.length).toBe(11);
  });

  it('ends with what was done and a new line', () => {
    const { progress, output, wait } = recorded(true);
    progress.start('scoring', 10_000);
    wait(4000);
    progress.finish('ready');
    progress.update(3);
    expect(output.at(-1)).toBe('\rscoring: 0 of 10000 in 0:04, ready\x1b[K\n');
  });

  it('never fills the last column', () => {
    const { progress, output } = recorded(true, 20);
    progress.start('a rather long label for so narrow a terminal', 10);
    expect(output[0]).toBe('\ra rather long label\x1b[K');
  });

  it('counts the rate of a resumed run from where it resumed', () => {
    const { progress, output, wait } = recorded(true);
    progress.start('training', 7400, 200);
    wait(1000);
    progress.update(202);
    expect(output.at(-1)).toContain('2.00/s, 59:59 left');
    wait(1000);
    progress.update(201);
    expect(output.at(-1)).toContain('0.50/s, 3:59:58 left');
  });
});

describe('progress elsewhere', () => {
  it('writes a plain line at the start, then every three seconds at most, and at the end', () => {
    const { progress, output, wait } = recorded(false);
    progress.start('training', 100);
    for (let step = 1; step <= 100; step++) {
      wait(100);
      progress.update(step);
    }
    progress.finish('accuracy 0.9');
    expect(output).toEqual([
      'training: 100 to do\n',
      'training 30 of 100, 30%, 10.0/s, 0:07 left\n',
      'training 60 of 100, 60%, 10.0/s, 0:04 left\n',
      'training 90 of 100, 90%, 10.0/s, 0:01 left\n',
      'training: 100 in 0:10, 10.0/s, accuracy 0.9\n',
    ]);
  });
});
