import { expect, test } from 'vitest';
import { type StrategyName, strategyOf } from '../../src/core/selection.ts';
import type { StepEvent } from '../../src/loop/events.ts';
import { storedLosses } from '../../src/loop/irreducible.ts';
import { exactPlan } from '../../src/loop/plan.ts';
import { train } from '../../src/loop/train.ts';
import { bigBatch, closing, data, held, irreducible, order, smallBatch } from './besideRuns.ts';
import { timeless } from './events.ts';
import { openPointsTrainer } from './points.ts';

async function run(strategy: StrategyName, selecting: boolean, losses = irreducible) {
  const trainer = closing(
    await openPointsTrainer(data, smallBatch, undefined, selecting ? { selecting: { bigBatch } } : {}),
  );
  expect(trainer.selectAndStep !== undefined).toBe(selecting);
  const events: unknown[] = [];
  await train({
    ...{ trainer, data, order, strategy: strategyOf(strategy), irreducible: storedLosses(losses), smallBatch },
    ...{ scorer: null, isExact: true, plan: exactPlan, reuse: null, shortlist: null },
    learningRate: () => 0.02,
    augment: (batch) => batch,
    steps: 13,
    test: held,
    evalEvery: 5,
    from: { step: 0, seconds: 0, recent: [], ahead: new Map(), known: null },
    emit: async (event) => void events.push(timeless(event as StepEvent)),
    pausesAfter: () => false,
    onPause: async () => undefined,
  });
  return { events, state: await trainer.state() };
}

test.each<StrategyName>(['rho', 'loss'])(
  'one graph trains %s as scoring, choosing and stepping do',
  async (strategy) => {
    expect(await run(strategy, true)).toEqual(await run(strategy, false));
  },
);

test('uniform is trained by plain steps all the same', async () => {
  expect(await run('uniform', true)).toEqual(await run('uniform', false));
});

test('a candidate whose irreducible loss is not a number is passed over and counted there too', async () => {
  const damaged = irreducible.map((loss, id) => (id % 3 === 0 ? Number.NaN : loss));
  expect(await run('rho', true, damaged)).toEqual(await run('rho', false, damaged));
});

test('too few losses that are numbers end the run there too', async () => {
  const none = new Float32Array(data.length).fill(Number.NaN);
  await expect(run('rho', true, none)).rejects.toMatchObject({
    kind: 'diverged',
    message: 'Cannot select 4 of 16 candidates: the loss of 16 is not a number, try a lower --lr',
  });
});
