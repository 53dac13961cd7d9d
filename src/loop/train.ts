import type { Batch } from '../core/batch.ts';
import { RhoError } from '../core/errors.ts';
import type { Order } from '../core/order.ts';
import { type Selection, type Strategy, selectTop } from '../core/selection.ts';
import type { Dataset } from '../data/dataset.ts';
import type { RefreshedScorer, Scores, StepResult, Trainer } from '../engine/engine.ts';
import { agreementWith } from './agreement.ts';
import { busyMeter } from './busyMeter.ts';
import { candidatesAhead, reportedLater } from './candidates.ts';
import { evaluate } from './evaluate.ts';
import type { Agreement, EvaluationEvent, StepEvent } from './events.ts';
import type { IrreducibleLosses } from './irreducible.ts';
import { lookahead, type ScoringPlan } from './plan.ts';
import { meanQuantiles } from './quantiles.ts';
import { type LossesAhead, scoredAhead } from './scoredAhead.ts';
import { sharesOf } from './shares.ts';
import { type Choice, outcomeOf, replacedAt } from './stepOutcome.ts';
import { stopwatch } from './stopwatch.ts';
import { scoredBeside, scoredByTrainer } from './trainingLosses.ts';

/** Where a run stands between two steps. */
export interface Standing {
  /** Steps done. */
  readonly step: number;
  /** Wall-clock of those, without evaluation and checkpoints. */
  readonly seconds: number;
  /** Losses of candidates of later steps, which were scored with weights that are gone by now. */
  readonly ahead: LossesAhead;
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
  /** Which weights they are scored with. */
  readonly plan: ScoringPlan;
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
  /** Called in such a pause, and when something fails between two steps that can be gone on from; a rejection ends the run. */
  readonly onPause: (standing: Standing) => Promise<void>;
}

/**
 * Algorithm 1 of the paper: draw n_B candidates without replacement, score them in eval mode, take the n_b best, and make one
 * optimiser step on their plain mean loss. What a step does not depend on is done while another is trained: candidates are
 * gathered, irreducible losses are had, and with a scorer beside the trainer training losses are scored by the plan.
 */
export async function train(options: TrainOptions): Promise<void> {
  const { trainer, data, order, strategy, scorer, plan, smallBatch, steps, evalEvery, from } = options;
  const clock = stopwatch(from.seconds);
  const busy = busyMeter();
  const candidates = candidatesAhead(data, order, strategy.needsIrreducibleLoss ? options.irreducible : null);
  const losses = scorer === null ? scoredByTrainer(trainer) : scoredBeside(trainer, scorer);
  const scored = scoredAhead(plan, steps, candidates, losses, from.ahead);
  let recent = [...from.recent];
  /** Ends when the events of the last step asked for are out. */
  let told: Promise<void> = Promise.resolve();

  const reducible = (scores: Scores, irreducibleLoss: Float32Array | undefined): Float32Array =>
    strategy.score!({
      trainingLoss: scores.loss,
      ...(scores.gradientNorm && { gradientNorm: scores.gradientNorm }),
      ...(irreducibleLoss && { irreducibleLoss }),
    });

  async function choose(index: number): Promise<Choice> {
    if (strategy.score === null) return { chosenIds: order.at(index).slice(0, smallBatch), scored: null };
    const { ids } = candidates.at(index);
    const [scores, known] = await lossesOf(index);
    busy.add('score', scores.span);
    busy.add('score', known?.span);
    const first = selectTop(reducible(scores, known?.loss), ids, options.shortlist ?? smallBatch);
    const decided =
      options.shortlist === null ? { scores, selection: first } : await shortlisted(ids, scores, known?.loss, first);
    const { chosen } = decided.selection;
    return { chosenIds: chosen.map((position) => ids[position]!), scored: { ids, ...decided } };
  }

  /** Scores the candidates that were chosen first again, exactly and with the weights of now, and chooses among them. */
  async function shortlisted(
    ids: Uint32Array,
    scores: Scores,
    irreducibleLoss: Float32Array | undefined,
    first: Selection,
  ): Promise<{ readonly scores: Scores; readonly selection: Selection }> {
    const listed = first.chosen.map((position) => ids[position]!);
    const exact = await trainer.scoreCandidates(await data.gather(listed));
    busy.add('score', exact.span);
    const listedLoss = irreducibleLoss && Float32Array.from(first.chosen, (position) => irreducibleLoss[position]!);
    const { chosen, nan } = selectTop(reducible(exact, listedLoss), listed, smallBatch);
    return {
      scores: replacedAt(scores, first.chosen, exact),
      selection: { chosen: chosen.map((place) => first.chosen[place]!), nan: first.nan + nan },
    };
  }

  async function lossesOf(index: number) {
    await scored.begin(index);
    for (let next = index; next <= Math.min(index + lookahead(plan), steps - 1); next++)
      void candidates.at(next).batch();
    return [await scored.at(index), await candidates.at(index).irreducible] as const;
  }

  /** What step `index` is trained on, and how that was chosen. */
  async function prepare(index: number): Promise<{ readonly choice: Choice; readonly batch: Batch }> {
    const choice = await choose(index);
    return { choice, batch: options.augment(await data.gather(choice.chosenIds), index + 1) };
  }

  async function tell(index: number, choice: Choice, trained: Promise<StepResult>): Promise<void> {
    const result = await trained;
    busy.add('train', result.span);
    const event: StepEvent = {
      type: 'step',
      step: index + 1,
      seconds: clock.seconds(),
      ...outcomeOf(data, choice, result),
      busy: busy.take(),
    };
    recent.push(event);
    await options.emit(event);
    if (!Number.isFinite(event.loss))
      throw new RhoError(
        'failure',
        `Training diverged: the loss of step ${event.step} is ${event.loss}, try a lower --lr`,
      );
  }

  /** How well the scores that step `index` is going to be selected by agree with exact ones; null where they are exact. */
  async function agreementAt(index: number, ahead: LossesAhead): Promise<Agreement | null> {
    if (scorer === null || strategy.score === null) return null;
    const { ids, irreducible } = candidates.at(index);
    const inTime = ahead.get(index) ?? (await (await losses.score([reportedLater(data.gather(ids))]))[0]!);
    const exact = await trainer.score(await data.gather(ids));
    const known = (await irreducible)?.loss;
    const [used, right] = [reducible(inTime, known), reducible(exact, known)];
    const { span } = exact;
    return {
      ...agreementWith(right, used, options.shortlist === null ? null : selectTop(used, ids, options.shortlist).chosen),
      candidates: ids.length,
      exactSeconds: span === undefined ? null : (span.ended - span.began) / 1000,
    };
  }

  async function evaluation(step: number, ahead: LossesAhead): Promise<EvaluationEvent> {
    const ids = Uint32Array.from({ length: options.test.length }, (_, id) => id);
    const { accuracy, loss } = await evaluate(trainer, options.test, ids);
    const event: EvaluationEvent = {
      type: 'evaluation',
      step,
      seconds: clock.seconds(),
      epochs: step / order.perEpoch,
      accuracy,
      loss,
      ...sharesOf(recent),
      selectedLoss: meanQuantiles(recent.map(({ selectedLoss }) => selectedLoss)),
      otherLoss: meanQuantiles(recent.map(({ otherLoss }) => otherLoss)),
      ...(step < steps && { agreement: await agreementAt(step, ahead) }),
    };
    recent = [];
    return event;
  }

  const isEvaluated = (step: number) => step % evalEvery === 0 || step === steps;

  /** Lets all that is under way end, then evaluates and pauses where that is due. */
  async function rest(step: number): Promise<void> {
    if (!isEvaluated(step) && !options.pausesAfter(step)) return;
    await told;
    const { ahead, event } = await orSaved(step, async () => {
      // Nothing may be computed while the clock stands.
      const [ahead] = await Promise.all([scored.settled(), candidates.settled()]);
      clock.stop();
      return { ahead, event: isEvaluated(step) ? await evaluation(step, ahead) : null };
    });
    if (event !== null) await options.emit(event);
    if (options.pausesAfter(step)) await options.onPause({ step, seconds: clock.seconds(), ahead });
    clock.start();
  }

  /** Does what stands between two steps, `step` of them done; where it fails, what can be gone on from is kept first. */
  async function orSaved<T>(step: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // The events of that step come first: they are what a checkpoint counts.
      await told;
      const ahead = await scored.rescued(step);
      if (ahead !== null) await options.onPause({ step, seconds: clock.seconds(), ahead });
      throw error;
    }
  }

  clock.start();
  // A run that failed in an evaluation still owes it.
  if (recent.length > 0 && isEvaluated(from.step)) await rest(from.step);
  for (let index = from.step; index < steps; index++) {
    const { choice, batch } = await orSaved(index, () => prepare(index));
    const trained = reportedLater(trainer.step(batch, options.learningRate(index + 1)));
    candidates.drop(index);
    scored.drop(index);
    // One step is on its way while the events of the one before are written.
    await told;
    told = reportedLater(tell(index, choice, trained));
    await rest(index + 1);
  }
  await told;
}
