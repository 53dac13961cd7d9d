import type { Batch } from '../core/batch.ts';
import { RhoError } from '../core/errors.ts';
import type { Order } from '../core/order.ts';
import { reportedLater } from '../core/reportedLater.ts';
import type { Strategy } from '../core/selection.ts';
import type { Dataset } from '../data/dataset.ts';
import type { RefreshedScorer, Trainer } from '../engine/engine.ts';
import { busyMeter } from './busyMeter.ts';
import { candidatesAhead } from './candidates.ts';
import { evaluate } from './evaluate.ts';
import type { EvaluationEvent, StepEvent } from './events.ts';
import type { IrreducibleLosses } from './irreducible.ts';
import type { KnownState, ReuseOptions } from './knownLosses.ts';
import type { ScoringPlan } from './plan.ts';
import { meanQuantiles } from './quantiles.ts';
import type { LossesAhead } from './scoredAhead.ts';
import { type Asked, ascending, askToSelect, selectsInStep } from './selectInStep.ts';
import { selectorFor } from './selector.ts';
import { sharesOf } from './shares.ts';
import { type Choice, outcomeOf } from './stepOutcome.ts';
import { stopwatch } from './stopwatch.ts';

/** Where a run stands between two steps. */
export interface Standing {
  /** Steps done. */
  readonly step: number;
  /** Wall-clock of those, without evaluation and checkpoints. */
  readonly seconds: number;
  /** Losses of candidates of later steps, which were scored with weights that are gone by now. */
  readonly ahead: LossesAhead;
  /** Losses that later steps may reuse; null where none are. */
  readonly known: KnownState | null;
}

/** What one training run needs; everything that decides an id or a weight is in here. */
export interface TrainOptions {
  readonly trainer: Trainer;
  readonly data: Dataset;
  readonly order: Order;
  readonly strategy: Strategy;
  /** Null for a strategy that needs none. */
  readonly irreducible: IrreducibleLosses | null;
  /** What scores the candidates while the trainer goes on; null lets the trainer do it between its steps. */
  readonly scorer: RefreshedScorer | null;
  /** Whether scoring candidates changes the trainer, as where they move running averages. */
  readonly scoringChangesTrainer?: boolean;
  /** Whether the scores of candidates are those of the current target in full precision. */
  readonly isExact: boolean;
  /** Which weights they are scored with. */
  readonly plan: ScoringPlan;
  /** How losses of earlier passes spare forwards; null scores all candidates of every step. */
  readonly reuse: ReuseOptions | null;
  readonly smallBatch: number;
  /** Of the candidates, so many are scored again by the trainer, and the small batch is chosen from those; null for none. */
  readonly shortlist: number | null;
  /** The learning rate of step 1, 2, … */
  readonly learningRate: (step: number) => number;
  /** Changes the small batch of a step before it is trained on; candidates are scored as they are stored. */
  readonly augment: (batch: Batch, step: number) => Batch;
  readonly steps: number;
  readonly test: Dataset;
  readonly evalEvery: number;
  /** Where the run begins, with the steps since its last evaluation; nothing of all that for a new one. */
  readonly from: Standing & { readonly recent: readonly StepEvent[] };
  /** Takes each event in order. */
  readonly emit: (event: StepEvent | EvaluationEvent) => Promise<void>;
  /** Asked after each step whether the run shall pause there. */
  readonly pausesAfter: (step: number) => boolean;
  /** Called in such a pause, and when scoring fails where the run can go on from; a rejection ends the run. */
  readonly onPause: (standing: Standing) => Promise<void>;
}

/**
 * Algorithm 1 of the paper: draw n_B candidates without replacement, score them in eval mode, take the n_b best, and make one
 * optimiser step on their plain mean loss. What a step does not depend on is done while another is trained: candidates are
 * gathered, irreducible losses are had, and with a scorer beside the trainer training losses are scored by the plan.
 */
export async function train(options: TrainOptions): Promise<void> {
  const { trainer, data, strategy, steps, evalEvery, from } = options;
  const clock = stopwatch(from.seconds);
  const busy = busyMeter();
  const order = selectsInStep(options) ? ascending(options.order) : options.order;
  const candidates = candidatesAhead(data, order, strategy.needsIrreducibleLoss ? options.irreducible : null, busy);
  const selector = strategy.score === null ? null : selectorFor(options, candidates, busy);
  let recent = [...from.recent];
  /** Ends when the events of the last step asked for are out. */
  let told: Promise<void> = Promise.resolve();

  /** Has the trainer make step `index`; resolves when it has been asked. */
  async function ask(index: number): Promise<Asked> {
    const rate = options.learningRate(index + 1);
    if (selectsInStep(options)) return askToSelect(options, candidates, index, rate);
    const choice = selector === null ? firstOf(options, index) : await selector.choose(index);
    const batch = options.augment(await data.gather(choice.chosenIds), index + 1);
    return { choice: Promise.resolve(choice), trained: reportedLater(trainer.step(batch, rate)) };
  }

  async function tell(index: number, { choice, trained }: Asked): Promise<void> {
    const result = await trained;
    busy.add('train', 'trainer', result.span);
    const event: StepEvent = {
      type: 'step',
      step: index + 1,
      seconds: clock.seconds(),
      ...outcomeOf(data, await choice, result),
      busy: busy.take(),
    };
    recent.push(event);
    await options.emit(event);
    if (!Number.isFinite(event.loss))
      throw new RhoError(
        'diverged',
        `Training diverged: the loss of step ${event.step} is ${event.loss}, try a lower --lr`,
      );
  }

  async function evaluation(step: number, ahead: LossesAhead): Promise<EvaluationEvent> {
    const ids = Uint32Array.from({ length: options.test.length }, (_, id) => id);
    const evaluated = await evaluate(trainer, options.test, ids);
    const isCompared = selector !== null && step < steps;
    const event: EvaluationEvent = {
      type: 'evaluation',
      step,
      seconds: clock.seconds(),
      epochs: step / order.perEpoch,
      ...evaluated,
      ...sharesOf(recent),
      selectedLoss: meanQuantiles(recent.map(({ selectedLoss }) => selectedLoss)),
      otherLoss: meanQuantiles(recent.map(({ otherLoss }) => otherLoss)),
      ...(isCompared && { agreement: await selector.agreementAt(step, ahead) }),
    };
    recent = [];
    return event;
  }

  const isEvaluated = (step: number) => step % evalEvery === 0 || step === steps;
  const standing = (step: number, ahead: LossesAhead): Standing => ({
    step,
    seconds: clock.seconds(),
    ahead,
    known: selector?.known() ?? null,
  });

  /** Lets all that is under way end, then evaluates and pauses where that is due. */
  async function rest(step: number): Promise<void> {
    if (!isEvaluated(step) && !options.pausesAfter(step)) return;
    await told;
    const { ahead, event } = await orSaved(step, async () => {
      if (isEvaluated(step) && step < steps) candidates.at(step);
      // What steps need must not be computed while the clock stands.
      const [ahead = new Map()] = await Promise.all([selector?.settled(), candidates.settled()]);
      clock.stop();
      return { ahead, event: isEvaluated(step) ? await evaluation(step, ahead) : null };
    });
    if (event !== null) await options.emit(event);
    if (options.pausesAfter(step)) await options.onPause(standing(step, ahead));
    clock.start();
  }

  /** Does what stands between two steps, `step` of them done; where it fails, what can be gone on from is kept first. */
  async function orSaved<T>(step: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // The events of that step come first: they are what a checkpoint counts.
      await told;
      const ahead = selector === null ? new Map() : await selector.rescued(step);
      // The first failure is the one to tell.
      if (ahead !== null) await options.onPause(standing(step, ahead)).catch(() => undefined);
      throw error;
    }
  }

  clock.start();
  // A run that failed in an evaluation still owes it.
  if (recent.length > 0 && isEvaluated(from.step)) await rest(from.step);
  for (let index = from.step; index < steps; index++) {
    const asked = await orSaved(index, () => ask(index));
    candidates.drop(index);
    selector?.asked(index);
    // One step is on its way while the events of the one before are written.
    await told;
    told = reportedLater(tell(index, asked));
    await rest(index + 1);
  }
  await told;
}

/** The first candidates, which are in random order. */
function firstOf({ order, smallBatch }: TrainOptions, index: number): Choice {
  return { chosenIds: order.at(index).slice(0, smallBatch), scored: null };
}
