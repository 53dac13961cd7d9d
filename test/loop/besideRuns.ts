import { afterAll, afterEach } from 'vitest';
import { makeOrder, type Order } from '../../src/core/order.ts';
import { strategyOf } from '../../src/core/selection.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import type { RefreshedScorer, Trainer, TrainerState } from '../../src/engine/engine.ts';
import type { EvaluationEvent, StepEvent } from '../../src/loop/events.ts';
import { storedLosses } from '../../src/loop/irreducible.ts';
import { exactPlan } from '../../src/loop/plan.ts';
import { type Standing, type TrainOptions, train } from '../../src/loop/train.ts';
import { judge, openPointsScorer, openPointsTrainer, points } from './points.ts';

export const bigBatch = 16;
export const smallBatch = 4;
export const steps = 13;
export const evalEvery = 5;

export const data: Dataset = await points(100, 1);
export const held: Dataset = await points(60, 2);
export const order: Order = makeOrder(
  Uint32Array.from({ length: 90 }, (_, i) => i + 5),
  bigBatch,
  3,
);
/** Made up, but as uneven as real ones. */
export const irreducible: Float32Array = Float32Array.from(
  data.labels,
  (label, id) => ((id * 37) % 50) / 40 + label / 8,
);

/** What a run did, to its end or until something failed. */
export interface Ran {
  readonly events: readonly (StepEvent | EvaluationEvent)[];
  readonly steps: readonly StepEvent[];
  readonly evaluations: readonly EvaluationEvent[];
  /** The weights before each step, and those at the end. */
  readonly weights: readonly ReadonlyMap<string, Tensor>[];
  /** At the end. */
  readonly state: TrainerState | null;
  /** Where it stood when it was last asked to pause, and the state of its trainer. */
  readonly paused: { readonly standing: Standing; readonly state: TrainerState } | null;
  readonly error: unknown;
}

export type Wrapped = <T extends object>(of: T) => T;

/** What a run on the points is made with; the options of the loop go with it. */
export interface PointsRun extends Partial<TrainOptions> {
  /** Goes on from this state. */
  readonly state?: TrainerState;
  /** Stops after this step. */
  readonly until?: number;
  /** Put around the trainer and the scorer. */
  readonly wrapped?: Wrapped;
  /** Opens the scorer beside the trainer; null for none. */
  readonly openScorer?: ((trainer: Trainer) => Promise<RefreshedScorer>) | null;
}

const opened: { close(): Promise<void> }[] = [];

/** Has something closed after the test. */
export function closing<T extends { close(): Promise<void> }>(of: T): T {
  opened.push(of);
  return of;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((of) => of.close()));
});

let beside: Promise<RefreshedScorer> | undefined;
afterAll(async () => (await beside)?.close());

/** One scorer for all runs, each of which gives it its own weights. */
async function openBeside(trainer: Trainer): Promise<RefreshedScorer> {
  beside ??= openPointsScorer(data, new Set((await trainer.weights()).keys()));
  return { ...(await beside), close: async () => undefined };
}

/** RHO-LOSS on the points with a scorer beside the trainer. */
export async function runPoints(options: PointsRun = {}): Promise<Ran> {
  const { state, until, wrapped = (of) => of, openScorer = openBeside, ...more } = options;
  const trainer = closing(await openPointsTrainer(data, smallBatch, state));
  const scorer = openScorer === null ? null : closing(await openScorer(trainer));
  const weights: Promise<ReadonlyMap<string, Tensor>>[] = [];
  const recorded: Trainer = {
    ...trainer,
    step(batch, learningRate) {
      weights.push(trainer.weights());
      return trainer.step(batch, learningRate);
    },
  };
  const events: (StepEvent | EvaluationEvent)[] = [];
  let paused: Ran['paused'] = null;
  let error: unknown = null;
  try {
    await train({
      data,
      order,
      strategy: strategyOf('rho'),
      irreducible: storedLosses(irreducible),
      smallBatch,
      learningRate: () => 0.02,
      augment: (batch) => batch,
      steps,
      test: held,
      evalEvery,
      shortlist: null,
      reuse: null,
      isExact: scorer === null,
      plan: exactPlan,
      from: { step: 0, seconds: 0, recent: [], ahead: new Map(), known: null },
      emit: async (event) => void events.push(event),
      pausesAfter: (step) => step === until,
      async onPause(standing) {
        paused = { standing, state: await trainer.state() };
        if (standing.step === until) throw new Error('stopped');
      },
      ...more,
      trainer: wrapped(recorded),
      scorer: scorer && wrapped(scorer),
    });
  } catch (thrown) {
    error = thrown;
  }
  const isAlive = error === null;
  if (isAlive) weights.push(trainer.weights());
  return {
    events,
    steps: events.filter((event) => event.type === 'step'),
    evaluations: events.filter((event) => event.type === 'evaluation'),
    weights: await Promise.all(weights),
    state: isAlive ? await trainer.state() : null,
    paused,
    error,
  };
}

/** The steps since the last evaluation, with which a run goes on. */
export function sinceEvaluation(events: Ran['events']): readonly StepEvent[] {
  const last = events.findLastIndex(({ type }) => type === 'evaluation');
  return events.slice(last + 1).filter((event) => event.type === 'step');
}

/** Options with which a run goes on from where another paused. */
export function goingOn({ events, paused }: Ran): Pick<PointsRun, 'state' | 'from'> {
  if (paused === null) throw new Error('The run never paused');
  return { state: paused.state, from: { ...paused.standing, recent: sinceEvaluation(events) } };
}

/** The reducible loss of an example by the model of `weights`, computed by the test. */
export async function reducibleBy(weights: ReadonlyMap<string, Tensor>, id: number): Promise<number> {
  const { inputs } = await data.gather([id]);
  return judge(weights, inputs[0]!.data as Float32Array, data.labels[id]!).loss - irreducible[id]!;
}

/** Of some ids, the `count` with the highest reducible losses by the model of `weights`, best first. */
export async function bestBy(
  weights: ReadonlyMap<string, Tensor>,
  ids: ArrayLike<number>,
  count: number,
): Promise<number[]> {
  const scored = await Promise.all(Array.from(ids, async (id) => ({ id, score: await reducibleBy(weights, id) })));
  return scored
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .slice(0, count)
    .map(({ id }) => id);
}

/** Sleeps up to so many milliseconds, at random. */
export function randomSleep(most: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * most));
}

/** Every call to `of` begins a random time after the one before has ended, and its answer comes another one later. */
export function withDelays<T extends object>(of: T): T {
  let last: Promise<unknown> = Promise.resolve();
  const delayed = (method: (...words: unknown[]) => Promise<unknown>) =>
    function call(...words: unknown[]) {
      const answer = last.then(() => randomSleep(4)).then(() => method(...words));
      last = answer.catch(() => undefined);
      return answer.finally(() => randomSleep(3));
    };
  const entries = Object.entries(of).map(([name, value]) => [
    name,
    typeof value === 'function' ? delayed(value) : value,
  ]);
  return Object.fromEntries(entries) as T;
}
