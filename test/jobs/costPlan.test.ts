import { describe, expect, test } from 'vitest';
import { type CostsMeasured, type Measurement, planCosts } from '../../src/jobs/costPlan.ts';
import { flagsOf, type PlanSetting, planSettings } from '../../src/jobs/planSettings.ts';

const settings = planSettings({ threads: 2, bigBatch: 320, smallBatch: 32, online: false });

function settingOf(name: string): PlanSetting {
  const found = settings.find((setting) => setting.name === name);
  if (found === undefined) throw new Error(`No setting "${name}" in ${settings.map((each) => each.name).join('; ')}`);
  return found;
}

function measured(name: string, seconds: readonly number[], agreement: Measurement['agreement'] = null): Measurement {
  return { setting: settingOf(name), seconds, steps: 40, agreement };
}

const good = { spearman: 0.99, topTenthOverlap: 0.95 };
const stale = 'stale shortlist, 1 + 1 threads';

function planOf(more: readonly Measurement[], rest: Partial<CostsMeasured> = {}) {
  const basic = [measured('uniform', [0.01, 0.02]), measured('exact', [0.03, 0.06])];
  return planCosts({ measured: [...basic, ...more], leftOut: [], steps: 1000, target: 3000, il: null, ...rest });
}

test('the unit is uniform of the same round', () => {
  const { settings, recommended, run } = planOf([]);
  expect(settings.map(({ uniformSteps, verdict }) => [uniformSteps, verdict])).toEqual([
    [1, 'unit'],
    [3, 'recommended'],
  ]);
  expect(recommended.flags).toBe('--threads 2');
  expect([run.uniformSeconds, run.breakEven]).toEqual([15, 3]);
  expect(run.seconds).toBeCloseTo(45, 12);
});

describe('what is recommended', () => {
  test('is the cheapest that agrees', () => {
    const { recommended } = planOf([measured('int8', [0.02, 0.04], good), measured(stale, [0.015, 0.035], good)]);
    expect(recommended.flags).toBe('--staleness 1 --shortlist 64 --threads 2 --score-threads 1');
  });

  test('is no cheap form that agrees too little, and none that one round found dearer than exact', () => {
    const { settings } = planOf([
      measured('int8', [0.02, 0.04], { ...good, topTenthOverlap: 0.79 }),
      measured(stale, [0.001, 0.061], good),
    ]);
    expect(settings.map(({ verdict }) => verdict)).toEqual(['unit', 'recommended', 'disagrees', 'not cheaper']);
  });

  test('is never reuse, which is offered', () => {
    const { settings } = planOf([measured('reuse of 160', [0.001, 0.001], good)]);
    expect(settings.at(-1)!.verdict).toBe('offered');
  });
});

test('staleness without a shortlist is not among the settings', () => {
  for (const online of [false, true])
    for (const threads of [1, 2, 8])
      for (const { options } of planSettings({ threads, bigBatch: 320, smallBatch: 32, online }))
        if ((options.staleness ?? 0) > 0) expect(options.shortlist).toBe(64);
});

test('the IL model raises what selection has to gain, and may be more than a run takes', () => {
  const il = { model: 'mlp:64', epochs: 4, batch: 30, holdout: 3000, stepSeconds: 0.01, exampleSeconds: 0.0001 };
  // 4 passes of 100 steps and two checks of 0.3 s each, then 0.3 s of scoring: 6.7 s of 15.
  const plan = planOf([], { il });
  expect(plan.il!.trainingSeconds).toBeCloseTo(6.4, 12);
  expect(plan.run.breakEvenWithIl).toBeCloseTo((3 * 15) / (15 - 6.7), 10);
  expect(planOf([], { il: { ...il, epochs: 40 } }).run.breakEvenWithIl).toBeNull();
});

test('options become flags', () => {
  expect(flagsOf({ scoring: 'int8', scoreThreads: 1, reuse: null })).toBe('--scoring int8 --score-threads 1');
});
