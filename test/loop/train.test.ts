import { afterEach, beforeAll, expect, test } from 'vitest';
import { makeOrder, type Order } from '../../src/core/order.ts';
import { type StrategyName, strategyOf } from '../../src/core/selection.ts';
import { mean } from '../../src/core/statistics.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import type { Trainer } from '../../src/engine/engine.ts';
import type { EvaluationEvent, StepEvent } from '../../src/loop/events.ts';
import { onlineLosses, storedLosses } from '../../src/loop/irreducible.ts';
import { exactPlan } from '../../src/loop/plan.ts';
import { quantilesOf } from '../../src/loop/quantiles.ts';
import { type TrainOptions, train } from '../../src/loop/train.ts';
import { timeless } from './events.ts';
import { judge, openPointsTrainer, points } from './points.ts';

const bigBatch = 16;
const smallBatch = 4;
const steps = 13;

let data: Dataset;
let held: Dataset;
let order: Order;
/** Made up, but as uneven as real ones. */
let irreducible: Float32Array;
beforeAll(async () => {
  data = await points(100, 1);
  held = await points(60, 2);
  const target = Uint32Array.from({ length: 90 }, (_, i) => i + 5);
  order = makeOrder(target, bigBatch, 3);
  irreducible = Float32Array.from(data.labels, (label, id) => ((id * 37) % 50) / 40 + label / 8);
});

const opened: Trainer[] = [];
afterEach(async () => {
  for (const trainer of opened.splice(0)) await trainer.close();
});

interface Run {
  readonly events: readonly (StepEvent | EvaluationEvent)[];
  readonly steps: readonly StepEvent[];
  readonly evaluations: readonly EvaluationEvent[];
  /** The weights before each step. */
  readonly weights: readonly ReadonlyMap<string, Tensor>[];
  readonly trainer: Trainer;
}

async function run(strategy: StrategyName, more: Partial<TrainOptions> = {}): Promise<Run> {
  const trainer = more.trainer ?? (await openPointsTrainer(data, smallBatch));
  opened.push(trainer);
  const weights = [await trainer.weights()];
  const events: (StepEvent | EvaluationEvent)[] = [];
  await train({
    data,
    order,
    strategy: strategyOf(strategy),
    irreducible: storedLosses(irreducible),
    smallBatch,
    learningRate: () => 0.02,
    augment: (batch) => batch,
    steps,
    test: held,
    evalEvery: 5,
    scorer: null,
    isExact: true,
    shortlist: null,
    reuse: null,
    plan: exactPlan,
    from: { step: 0, seconds: 0, recent: [], ahead: new Map(), known: null },
    emit: async (event) => void events.push(event),
    pausesAfter: () => true,
    onPause: async () => void weights.push(await trainer.weights()),
    ...more,
    trainer,
  });
  return {
    events,
    steps: events.filter((event) => event.type === 'step'),
    evaluations: events.filter((event) => event.type === 'evaluation'),
    weights,
    trainer,
  };
}

/** What the model of `weights` says of an example, computed by the test. */
async function judged(weights: ReadonlyMap<string, Tensor>, dataset: Dataset, id: number) {
  const { inputs } = await dataset.gather([id]);
  return judge(weights, inputs[0]!.data as Float32Array, dataset.labels[id]!);
}

const scoresByHand: Readonly<
  Record<Exclude<StrategyName, 'uniform'>, (of: { loss: number; gradientNorm: number }, id: number) => number>
> = {
  rho: ({ loss }, id) => loss - irreducible[id]!,
  loss: ({ loss }) => loss,
  gradnorm: ({ gradientNorm }) => gradientNorm,
  il: (_, id) => -irreducible[id]!,
};

test.each(Object.entries(scoresByHand))(
  '%s trains on the ids with the highest scores of the weights at hand',
  async (name, scoreByHand) => {
    const { steps: done, weights } = await run(name as StrategyName);
    expect(done.length).toBe(steps);
    for (const { step, ids } of done) {
      const scored = await Promise.all(
        Array.from(order.at(step - 1), async (id) => ({
          id,
          score: scoreByHand(await judged(weights[step - 1]!, data, id), id),
        })),
      );
      const best = scored.sort((a, b) => b.score - a.score || a.id - b.id).slice(0, smallBatch);
      expect(ids, `step ${step}`).toEqual(best.map(({ id }) => id));
    }
  },
);

test('uniform trains on the first of the shuffled candidates and scores none', async () => {
  const trainer = await openPointsTrainer(data, smallBatch);
  const scored: number[] = [];
  const counting: Trainer = {
    ...trainer,
    score(batch) {
      scored.push(batch.labels.length);
      return trainer.score(batch);
    },
  };
  const { steps: done } = await run('uniform', { trainer: counting, irreducible: null });
  for (const { step, ids, otherLoss } of done) {
    expect(ids).toEqual([...order.at(step - 1).slice(0, smallBatch)]);
    expect(otherLoss).toBeNull();
  }
  // The three evaluations.
  expect(scored).toEqual([held.length, held.length, held.length]);
});

test.each<StrategyName>(['rho', 'uniform'])('the events of %s say what was trained on', async (name) => {
  const { steps: done, weights } = await run(name);
  let before = 0;
  for (const { step, ids, loss, corrupted, learnt, selectedLoss, otherLoss, nanCandidates, seconds } of done) {
    const of = await Promise.all(ids.map((id) => judged(weights[step - 1]!, data, id)));
    expect(loss).toBeCloseTo(mean(of.map((one) => one.loss)), 5);
    expect(corrupted).toBe(ids.filter((id) => id % 5 === 0).length);
    expect(learnt).toBe(ids.filter((id, i) => of[i]!.predicted === data.labels[id]).length);
    const lossOf = (all: readonly { loss: number }[]) =>
      Object.values(quantilesOf(Float32Array.from(all, (one) => one.loss))!);
    expect(Object.values(selectedLoss!)).toBeAllClose(lossOf(of));
    if (name === 'rho') {
      const others = [...order.at(step - 1)].filter((id) => !ids.includes(id));
      expect(Object.values(otherLoss!)).toBeAllClose(
        lossOf(await Promise.all(others.map((id) => judged(weights[step - 1]!, data, id)))),
      );
    }
    expect(nanCandidates).toBe(0);
    expect(seconds).toBeGreaterThan(before);
    before = seconds;
  }
  expect(done.some(({ corrupted }) => corrupted === 0)).toBe(true);
});

test('an evaluation covers the whole test set and the steps since the one before', async () => {
  const { events, steps: done, evaluations, weights } = await run('rho');
  expect(evaluations.map(({ step }) => step)).toEqual([5, 10, 13]);
  expect(events.findIndex(({ type }) => type === 'evaluation')).toBe(5);
  let since = 0;
  for (const evaluation of evaluations) {
    const { step } = evaluation;
    const of = await Promise.all(Array.from({ length: held.length }, (_, id) => judged(weights[step]!, held, id)));
    const right = of.filter(({ predicted }, id) => predicted === held.labels[id]).length;
    expect(evaluation.accuracy).toBe(right / held.length);
    expect(evaluation.loss).toBeCloseTo(mean(of.map(({ loss }) => loss)), 5);
    // Five big batches of 16 in 90 examples.
    expect(evaluation.epochs).toBe(step / 5);
    const covered = done.slice(since, step);
    const chosen = smallBatch * covered.length;
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    expect(evaluation.corruptedShare).toBe(sum(covered.map(({ corrupted }) => corrupted!)) / chosen);
    expect(evaluation.learntShare).toBe(sum(covered.map(({ learnt }) => learnt)) / chosen);
    expect(evaluation.selectedLoss!.median).toBeCloseTo(mean(covered.map((one) => one.selectedLoss!.median)), 12);
    expect(evaluation.otherLoss!.max).toBeCloseTo(mean(covered.map((one) => one.otherLoss!.max)), 12);
    since = step;
  }
  expect(evaluations.at(-1)!.accuracy).toBeGreaterThan(0.6);
});

test('where true labels are not known no share is said to be corrupted', async () => {
  const { trueLabels, ...blind } = data;
  const { steps: done, evaluations } = await run('uniform', { data: blind });
  expect(new Set(done.map(({ corrupted }) => corrupted))).toEqual(new Set([null]));
  expect(new Set(evaluations.map(({ corruptedShare }) => corruptedShare))).toEqual(new Set([null]));
});

test('a run that goes on from a state gives the events and weights of one that never stopped', async () => {
  const whole = await run('rho');
  const begun = await run('rho', { steps: 7 });
  const state = await begun.trainer.state();
  const resumed = await run('rho', {
    trainer: await openPointsTrainer(data, smallBatch, state),
    // The evaluation at the end of the first part is one that the whole run does not have.
    from: { step: 7, seconds: 100, recent: begun.steps.slice(5), ahead: new Map(), known: null },
  });
  expect(resumed.events.map(timeless)).toEqual(whole.events.slice(8).map(timeless));
  expect(resumed.steps[0]!.seconds).toBeGreaterThan(100);
  expect(await resumed.trainer.state()).toEqual(await whole.trainer.state());
});

test('online losses choose as stored ones of the same model do', async () => {
  const model = await openPointsTrainer(data, smallBatch);
  opened.push(model);
  const ids = Uint32Array.from({ length: data.length }, (_, id) => id);
  const { loss } = await model.score(await data.gather(ids));
  const stored = await run('rho', { irreducible: storedLosses(loss) });
  const online = await run('rho', { irreducible: onlineLosses(model) });
  expect(online.steps.map((event) => event.ids)).toEqual(stored.steps.map((event) => event.ids));
});

test('a candidate whose irreducible loss is not a number is passed over and counted', async () => {
  const damaged = irreducible.map((loss, id) => (id % 3 === 0 ? Number.NaN : loss));
  const { steps: done } = await run('rho', { irreducible: storedLosses(damaged) });
  for (const { step, ids, nanCandidates } of done) {
    expect(ids.some((id) => id % 3 === 0)).toBe(false);
    expect(nanCandidates).toBe([...order.at(step - 1)].filter((id) => id % 3 === 0).length);
  }
});

test('too few losses that are numbers end the run', async () => {
  const none = new Float32Array(data.length).fill(Number.NaN);
  await expect(run('rho', { irreducible: storedLosses(none) })).rejects.toMatchObject({
    kind: 'diverged',
    message: 'Cannot select 4 of 16 candidates: the loss of 16 is not a number, try a lower --lr',
  });
});

test('a run that diverges ends with the step and what to do, its last event told', async () => {
  const seen: (StepEvent | EvaluationEvent)[] = [];
  const run0 = run('uniform', { learningRate: () => 1e30, emit: async (event) => void seen.push(event) });
  await expect(run0).rejects.toMatchObject({
    kind: 'diverged',
    message: expect.stringMatching(/^Training diverged: the loss of step \d+ is (NaN|Infinity), try a lower --lr$/),
  });
  const last = seen.at(-1) as StepEvent;
  expect([last.type, Number.isFinite(last.loss)]).toEqual(['step', false]);
});

test('a run ends where onPause refuses to go on, after the events of that step', async () => {
  const seen: (StepEvent | EvaluationEvent)[] = [];
  const stopped = run('loss', {
    emit: async (event) => void seen.push(event),
    onPause: async ({ step }) => {
      if (step === 5) throw new Error('stop');
    },
  });
  await expect(stopped).rejects.toThrow('stop');
  expect(seen.map(({ type, step }) => `${type} ${step}`).slice(-2)).toEqual(['step 5', 'evaluation 5']);
});
