import { describe, expect, it } from 'vitest';
import type { StrategySummary } from '../../src/loop/summary.ts';
import { headline } from '../../src/report/headline.ts';
import { type Figures, perSeed, sampleReport, summary } from './sample.ts';

const uniform: Figures = { steps: perSeed(180), seconds: perSeed(1.1), accuracy: perSeed(0.883) };
const rho: Figures = { steps: perSeed(60), seconds: perSeed(0.6), accuracy: perSeed(0.922) };

function finding(strategies: Record<string, Figures>): string {
  const summaries = Object.entries(strategies).map(([name, figures]) => [name, summary(figures)]);
  return headline(sampleReport({ strategies: Object.fromEntries(summaries) })).finding;
}

describe('the headline', () => {
  it('compares steps and time to the target', () => {
    expect(finding({ uniform, rho })).toBe(
      'rho reaches 0.9 in 60 steps (0.60 s), uniform in 180 steps (1.10 s): 3.0x fewer steps, 1.8x less time.',
    );
  });

  it('says so when fewer steps take more time', () => {
    expect(finding({ uniform, rho: { ...rho, seconds: perSeed(2.2) } })).toMatch(
      /3\.0x fewer steps, but 2\.0x as much time\.$/,
    );
  });

  it('says so when the method is slower in both', () => {
    expect(finding({ uniform, rho: { ...rho, steps: perSeed(360), seconds: perSeed(3.3) } })).toMatch(
      /2\.0x as many steps, 3\.0x as much time\.$/,
    );
  });

  it('calls a difference under five per cent none', () => {
    expect(finding({ uniform, rho: { ...rho, steps: perSeed(180), seconds: perSeed(1.12) } })).toMatch(
      /about as many steps, about the same time\.$/,
    );
  });

  it('says that the method never reaches the target', () => {
    expect(finding({ uniform, rho: { ...rho, steps: perSeed(null), accuracy: perSeed(0.85) } })).toBe(
      'uniform reaches 0.9 in 180 steps (1.10 s); rho not within the 300 steps (2.00 s) it ran and ends at 0.850.',
    );
  });

  it('says that only some seeds of the baseline reach the target', () => {
    expect(finding({ uniform: { ...uniform, steps: perSeed(180, null, 200) }, rho })).toBe(
      'rho reaches 0.9 in 60 steps (0.60 s); uniform with 2 of 3 seeds only within the 300 steps (2.00 s) it ran and ends at 0.883.',
    );
  });

  it('gives the final accuracies when neither reaches the target', () => {
    const never = { steps: perSeed(null), seconds: perSeed(null) };
    expect(finding({ uniform: { ...uniform, ...never }, rho: { ...rho, ...never } })).toBe(
      'Neither rho nor uniform reaches 0.9 in 300 steps: their final accuracy is 0.922 and 0.883.',
    );
  });

  it('takes the highest target both reach and names those that one alone reaches', () => {
    const more = (one: StrategySummary, steps: number | null): StrategySummary => ({
      ...one,
      stepsToTarget: { ...one.stepsToTarget, '0.95': perSeed(steps) },
    });
    const strategies = { rho: more(summary(rho), null), uniform: more(summary(uniform), 290) };
    expect(headline(sampleReport({ strategies })).finding).toMatch(
      /^rho reaches 0\.9 .*; uniform also reaches 0\.95, rho not within the 300 steps \(2\.00 s\) it ran\.$/,
    );
  });

  it('speaks of one strategy alone and of none', () => {
    expect(finding({ rho })).toBe('rho reaches 0.9 in 60 steps (0.60 s); after 300 steps its accuracy is 0.922.');
    expect(headline(sampleReport({ strategies: { rho: summary(rho) } })).remarks).toEqual([
      'Not counted: 1.20 s for the irreducible losses, once for all runs on this data.',
    ]);
    expect(finding({})).toBe('There are no runs to compare.');
  });

  it('speaks of accuracy where no targets were given', () => {
    const bare = (figures: Figures): StrategySummary => ({
      ...summary(figures),
      stepsToTarget: {},
      secondsToTarget: {},
    });
    const both = headline(sampleReport({ strategies: { uniform: bare(uniform), rho: bare(rho) } }));
    expect(both.finding).toBe('After 300 steps the accuracy of rho is 0.922, that of uniform 0.883.');
    const one = headline(sampleReport({ strategies: { rho: bare(rho) } }));
    expect(one.finding).toBe("After 300 steps rho's accuracy is 0.922.");
  });
});

describe('the remarks beside the headline', () => {
  it('count the irreducible losses into the time', () => {
    expect(headline(sampleReport()).remarks).toEqual([
      'Not counted: 1.20 s for the irreducible losses, once for all runs on this data; with them rho reaches 0.9 in 1.80 s, 1.6x as much time as uniform.',
    ]);
  });

  it('say where the cost of the irreducible losses is from, or that it is not known', () => {
    const ledger = (more: object) =>
      ({ rho: { irreducibleSeconds: 3, irreducibleSource: '3.00 s of all', unknown: {}, ...more } }) as never;
    expect(headline(sampleReport({ il: null, ledger: ledger({}) })).remarks[0]).toBe(
      'Not counted: 3.00 s for the irreducible losses (3.00 s of all), once for all runs on this data; with them rho reaches 0.9 in 3.60 s, 3.3x as much time as uniform.',
    );
    const unknown = { irreducibleSeconds: null, unknown: { irreducibleSeconds: 'they were made elsewhere' } };
    expect(headline(sampleReport({ il: null, ledger: ledger(unknown) })).remarks[0]).toBe(
      'Not counted: the irreducible losses, whose cost is not known (they were made elsewhere).',
    );
  });

  it('tell the accuracies after the longest of the equal times, or why there is none', () => {
    const after = (figures: Figures, accuracyAfter: StrategySummary['accuracyAfter']) =>
      ({ ...summary(figures), accuracyAfter }) as StrategySummary;
    const strategies = {
      uniform: after(uniform, { '0.5': perSeed(0.7), '1.1': perSeed(0.8) }),
      rho: after(rho, { '0.5': perSeed(0.85), '1.1': perSeed(0.9) }),
    };
    expect(headline(sampleReport({ strategies, il: null })).remarks).toEqual([
      'After the same 1.10 s of training: rho 0.900, uniform 0.800.',
    ]);
    const none = { uniform: after(uniform, {}), rho: after(rho, {}) };
    expect(headline(sampleReport({ strategies: none, il: null })).remarks).toEqual([
      'Accuracy after equal seconds is not known: when the shortest run was over, another had not been evaluated; pass a lower --eval-every.',
    ]);
  });

  it('name a third strategy that needs fewer steps, and whoever ends higher', () => {
    const other = summary({ steps: perSeed(40), seconds: perSeed(0.5), accuracy: perSeed(0.95) });
    const strategies = { uniform: summary(uniform), rho: summary(rho), other };
    expect(headline(sampleReport({ strategies, il: null })).remarks).toEqual([
      'Fewer steps to 0.9: other in 40 steps (0.50 s).',
      'At the last step other (0.950) is ahead of rho (0.922).',
    ]);
  });
});
