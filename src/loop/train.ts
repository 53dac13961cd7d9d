import type { Batch } from '../core/batch.ts';
import { RhoError } from '../core/errors.ts';
import type { Order } from '../core/order.ts';
import { type Selection, type Strategy, selectTop } from '../core/selection.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Scores, StepResult, Trainer } from '../engine/engine.ts';
import { evaluate } from './evaluate.ts';
import type { EvaluationEvent, StepEvent } from './events.ts';
import type { IrreducibleLosses } from './irreducible.ts';
import { meanQuantiles, quantilesOf } from './quantiles.ts';

/** What one training run needs; everything that decides an id or a weight is in here. */
export interface TrainOptions {
  readonly trainer: Trainer;
  readonly data: Dataset;
  readonly order: Order;
  readonly strategy: Strategy;
  /** Null for a strategy that needs none. */
  readonly irreducible: IrreducibleLosses | null;
  readonly smallBatch: number;
  /** The learning rate of step 1, 2, … */
  readonly learningRate: (step: number) => number;
  /** Changes the small batch of a step before it is trained on; candidates are scored as they are stored. */
  readonly augment: (batch: Batch, step: number) => Batch;
  readonly steps: number;
  readonly test: Dataset;
  readonly evalEvery: number;
  /** Where the run stands: 0 and no events for a new one. */
  readonly from: { readonly step: number; readonly seconds: number; readonly recent: readonly StepEvent[] };
  /** Takes each event in order. */
  readonly emit: (event: StepEvent | EvaluationEvent) => Promise<void>;
  /** Called between steps, with the steps and seconds so far; a rejection ends the run. */
  readonly afterStep: (step: number, seconds: number) => Promise<void>;
}

/**
 * Algorithm 1 of the paper: draw n_B candidates without replacement, score them with the current weights in eval mode, take
 * the n_b best, and make one optimiser step on their plain mean loss.
 */
export async function train(options: TrainOptions): Promise<void> {
  const { order, steps, evalEvery, from } = options;
  let { seconds } = from;
  let recent = [...from.recent];

  for (let step = from.step + 1; step <= steps; step++) {
    const began = performance.now();
    const candidates = order.at(step - 1);
    const event = await trainOnBest(options, candidates, step);
    seconds += (performance.now() - began) / 1000;

    const stepEvent: StepEvent = { type: 'step', step, seconds, ...event };
    recent.push(stepEvent);
    await options.emit(stepEvent);
    if (!Number.isFinite(stepEvent.loss))
      throw new RhoError(
        'failure',
        `Training diverged: the loss of step ${step} is ${stepEvent.loss}, try a lower --lr`,
      );
    if (step % evalEvery === 0 || step === steps) {
      await options.emit(await evaluationAt(options, step, seconds, recent));
      recent = [];
    }
    await options.afterStep(step, seconds);
  }
}

type StepOutcome = Omit<StepEvent, 'type' | 'step' | 'seconds'>;

/** One step: choose among the candidates and train on the choice. */
async function trainOnBest(options: TrainOptions, ids: Uint32Array, step: number): Promise<StepOutcome> {
  const { trainer, data, strategy, smallBatch } = options;
  const trainOn = async (chosenIds: Uint32Array): Promise<StepResult> =>
    trainer.step(options.augment(await data.gather(chosenIds), step), options.learningRate(step));
  if (strategy.score === null) {
    const chosenIds = ids.slice(0, smallBatch);
    return describeUnscored(data, chosenIds, await trainOn(chosenIds));
  }
  const gather = (): Promise<Batch> => data.gather(ids);
  const irreducible = strategy.needsIrreducibleLoss ? options.irreducible!.at(ids, gather) : undefined;
  // If both fail, the trainer's failure is told.
  irreducible?.catch(() => undefined);
  const scores = await trainer.scoreCandidates(await gather());
  const irreducibleLoss = await irreducible;
  const { loss: trainingLoss, gradientNorm } = scores;
  const reducible = strategy.score({
    trainingLoss,
    ...(gradientNorm && { gradientNorm }),
    ...(irreducibleLoss && { irreducibleLoss }),
  });
  const selection = selectTop(reducible, ids, smallBatch);
  const chosenIds = selection.chosen.map((position) => ids[position]!);
  return describeScored(data, ids, chosenIds, scores, selection, await trainOn(chosenIds));
}

function describeUnscored(data: Dataset, ids: Uint32Array, { meanLoss, loss, predicted }: StepResult): StepOutcome {
  return {
    loss: meanLoss,
    ids: [...ids],
    corrupted: countCorrupted(data, ids),
    learnt: predicted.filter((label, i) => label === data.labels[ids[i]!]).length,
    selectedLoss: quantilesOf(loss),
    otherLoss: null,
    nanCandidates: 0,
  };
}

function describeScored(
  data: Dataset,
  ids: Uint32Array,
  chosenIds: Uint32Array,
  { loss, predicted }: Scores,
  { chosen, nan }: Selection,
  { meanLoss }: StepResult,
): StepOutcome {
  const isChosen = new Set(chosen);
  return {
    loss: meanLoss,
    ids: [...chosenIds],
    corrupted: countCorrupted(data, chosenIds),
    learnt: chosen.filter((position) => predicted[position] === data.labels[ids[position]!]).length,
    selectedLoss: quantilesOf(loss.filter((_, position) => isChosen.has(position))),
    otherLoss: quantilesOf(loss.filter((_, position) => !isChosen.has(position))),
    nanCandidates: nan,
  };
}

function countCorrupted({ labels, trueLabels }: Dataset, ids: Uint32Array): number | null {
  return trueLabels === undefined ? null : ids.filter((id) => labels[id] !== trueLabels[id]).length;
}

async function evaluationAt(
  { trainer, test, order }: TrainOptions,
  step: number,
  seconds: number,
  recent: readonly StepEvent[],
): Promise<EvaluationEvent> {
  const ids = Uint32Array.from({ length: test.length }, (_, id) => id);
  const { accuracy, loss } = await evaluate(trainer, test, ids);
  return {
    type: 'evaluation',
    step,
    seconds,
    epochs: step / order.perEpoch,
    accuracy,
    loss,
    ...sharesOf(recent),
    selectedLoss: meanQuantiles(recent.map((event) => event.selectedLoss)),
    otherLoss: meanQuantiles(recent.map((event) => event.otherLoss)),
  };
}

/** What share of the points trained on was corrupted or learnt before; steps that chose none count as zero. */
export function sharesOf(steps: readonly StepEvent[]): { corruptedShare: number | null; learntShare: number | null } {
  const chosen = steps.reduce((sum, { ids }) => sum + ids.length, 0);
  const corrupted = steps.reduce<number | null>(
    (sum, event) => (sum === null || event.corrupted === null ? null : sum + event.corrupted),
    0,
  );
  const learnt = steps.reduce((sum, event) => sum + event.learnt, 0);
  if (chosen === 0) return { corruptedShare: null, learntShare: null };
  return { corruptedShare: corrupted === null ? null : corrupted / chosen, learntShare: learnt / chosen };
}
