import { describe, expect, test } from 'vitest';
import { type CostsMeasured, type IlCost, type Measurement, planCosts } from '../../src/jobs/costPlan.ts';
import { flagsOf } from '../../src/jobs/flagsOf.ts';
import { basicSettings, onlineSetting, type PlanSetting, planStages } from '../../src/jobs/planSettings.ts';

const from = { threads: 2, bigBatch: 320, smallBatch: 32 };
const { exact } = basicSettings(from);
const good = { spearman: 0.99, topTenthOverlap: 0.95 };

/** The settings when each of them is better than those before. */
function allStages(options: typeof from): readonly PlanSetting[] {
  const settings = [exact];
  for (const stage of planStages(options)) settings.push(...stage(settings.at(-1)!));
  return settings;
}

function settingOf(kind: PlanSetting['kind']): PlanSetting {
  return planStages(from)
    .flatMap((stage) => stage(exact))
    .find((setting) => setting.kind === kind)!;
}

/** Uniform takes 10 ms in one turn and 20 in the other, on a machine that slows down. */
function measured(
  setting: PlanSetting,
  costs: readonly number[],
  agreement: Measurement['agreement'] = null,
): Measurement {
  const uniform = [0.01, 0.02];
  return { setting, turns: costs.map((cost, i) => ({ seconds: cost * uniform[i]!, uniform: uniform[i]! })), agreement };
}

function planOf(more: readonly Measurement[], rest: Partial<CostsMeasured> = {}) {
  return planCosts({ measured: [measured(exact, [3, 3]), ...more], leftOut: [], steps: 1000, il: null, ...rest });
}

test('a step costs as many uniform steps as in its own turns, and seconds by uniform in all turns', () => {
  const { settings, run } = planOf([measured(settingOf('cheap'), [1.5, 2.5], good)]);
  expect(settings.map(({ uniformSteps }) => uniformSteps)).toEqual([1, 3, 2]);
  expect(settings.map(({ secondsPerStep }) => secondsPerStep)).toEqual([0.015, expect.closeTo(0.045), 0.03]);
  // The middle half of 1.5 and 2.5, linearly between, is .5 wide.
  expect(settings[2]!.spread).toBeCloseTo(0.25, 12);
  expect([run.uniformSeconds, run.seconds, run.breakEven]).toEqual([15, 30, 2]);
});

describe('what is recommended', () => {
  const verdicts = (...more: readonly Measurement[]) => planOf(more).settings.map(({ verdict }) => verdict);
  const [cheap, reuse, shortlist] = [settingOf('cheap'), settingOf('reuse'), settingOf('shortlist')];

  test('is what costs least, whatever kind it is', () => {
    expect(verdicts()).toEqual(['unit', 'recommended']);
    expect(verdicts(measured(cheap, [2, 2], good))).toEqual(['unit', 'dearer', 'recommended']);
    expect(verdicts(measured(cheap, [2, 2], good), measured(reuse, [1.5, 1.5], good))).toEqual([
      ...['unit', 'dearer', 'dearer', 'recommended'],
    ]);
    const plan = planOf([measured(cheap, [2, 2], good), measured(shortlist, [1.2, 1.4], good)]);
    expect(plan.recommended.flags).toBe('--threads 2 --staleness 1 --shortlist 64 --score-threads 1');
  });

  test('is nothing that agrees too little with exact scores, or was not tried', () => {
    const few = { ...good, topTenthOverlap: 0.79 };
    expect(verdicts(measured(cheap, [2, 2], few), measured(reuse, [1.5, 1.5]))).toEqual([
      ...['unit', 'recommended', 'disagrees', 'untried'],
    ]);
  });

  test('is nothing that saves less than a twentieth beside what is simpler', () => {
    expect(verdicts(measured(cheap, [2.86, 2.86], good))).toEqual(['unit', 'recommended', 'hardly cheaper']);
    expect(verdicts(measured(cheap, [2.84, 2.84], good))).toEqual(['unit', 'dearer', 'recommended']);
  });

  test('is not what scores irreducible losses online, which is told beside it', () => {
    const il: IlCost = { model: 'mlp:64', trainingSeconds: 1, scoringSeconds: 0.1, isRecorded: false };
    const { settings, online } = planOf([measured(onlineSetting(exact), [2, 2])], { il });
    expect(settings.map(({ verdict }) => verdict)).toEqual(['unit', 'recommended', 'online']);
    expect(online).toEqual({ secondsPerStep: 0.03, storePaysFrom: null });
    // 7.5 ms more a step: 0.1 s are made up for by 14.
    const dearer = planOf([measured(onlineSetting(exact), [3.5, 3.5])], { il });
    expect(dearer.online).toEqual({ secondsPerStep: expect.closeTo(0.0525), storePaysFrom: 14 });
  });
});

describe('the settings', () => {
  test('are built on the best before them', () => {
    expect(allStages(from).map(({ name, options }) => [name, flagsOf(options)])).toEqual([
      ['exact', '--threads 2'],
      ['int8', '--threads 2 --scoring int8'],
      ['int8, reuse of 160', '--threads 2 --scoring int8 --reuse 160'],
      [
        'int8, reuse of 160, stale shortlist, 1 + 1 threads',
        '--threads 2 --scoring int8 --reuse 160 --staleness 1 --shortlist 64 --score-threads 1',
      ],
    ]);
    const last = planStages(from).at(-1)!;
    expect(last(exact).map(({ name, options }) => [name, options])).toEqual([['exact, 1 thread', { threads: 1 }]]);
  });

  test('have staleness with a shortlist alone, and never more threads than there are', () => {
    for (const threads of [1, 2, 3, 8])
      for (const { options } of planStages({ ...from, threads }).flatMap((stage) =>
        stage(basicSettings({ ...from, threads }).exact),
      )) {
        if ((options.staleness ?? 0) > 0) expect(options.shortlist).toBe(64);
        expect(options.threads).toBeLessThanOrEqual(threads);
        expect(options.scoreThreads ?? 0).toBeLessThan(threads);
      }
  });

  test('leave out what has no effect on a big batch that is hardly larger than the small one', () => {
    const kinds = planStages({ ...from, bigBatch: 33 }).flatMap((stage) => stage(exact).map(({ kind }) => kind));
    expect(kinds).toEqual(['cheap', 'reuse', 'exact']);
  });
});

describe('the IL model', () => {
  const il: IlCost = { model: 'mlp:64', trainingSeconds: 6.4, scoringSeconds: 0.3, isRecorded: true };

  test('raises what selection has to gain, and may take longer than a run', () => {
    // 6.7 s of the 15 of uniform.
    expect(planOf([], { il }).run.breakEvenWithIl).toBeCloseTo((3 * 15) / (15 - 6.7), 10);
    expect(planOf([], { il: { ...il, trainingSeconds: 14.8 } }).run.breakEvenWithIl).toBeNull();
    expect(planOf([], { il: { ...il, trainingSeconds: null } }).run.breakEvenWithIl).toBeNull();
  });

  test('is paid back by runs that are long enough, or many, at gains that pay at all', () => {
    // At gain 5, a step that costs 3 saves 2/5 of 15 s: 6 s of 1,000 steps, against 6.7.
    expect(planOf([], { il }).payBack).toEqual([{ gain: 5, steps: 1117, runs: 2 }]);
    expect(planOf([measured(settingOf('cheap'), [1, 1], good)], { il }).payBack).toEqual([
      // Half of 15 s, two thirds, four fifths.
      { gain: 2, steps: 894, runs: 1 },
      { gain: 3, steps: 670, runs: 1 },
      { gain: 5, steps: 559, runs: 1 },
    ]);
    expect(planOf([], { il: { ...il, trainingSeconds: null } }).payBack).toEqual([]);
  });
});
