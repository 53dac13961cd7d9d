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
import { type CandidateScores, type KnownState, knownLosses, nothingKnown, type ReuseOptions } from './knownLosses.ts';
import { lookahead, type ScoringPlan } from './plan.ts';
import { meanQuantiles } from './quantiles.ts';
import { type LossesAhead, type ScoringRequest, type ScoringRequests, scoredAhead } from './scoredAhead.ts';
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
  const { trainer, data, order, strategy, scorer, plan, smallBatch, steps, evalEvery, from } = options;
  const clock = stopwatch(from.seconds);
  const busy = busyMeter();
  const candidates = candidatesAhead(data, order, strategy.needsIrreducibleLoss ? options.irreducible : null);
  const losses = scorer === null ? scoredByTrainer(trainer) : scoredBeside(trainer, scorer);
  const known = options.reuse && knownLosses(options.reuse, from.known ?? nothingKnown(data.length));
  const requests: ScoringRequests = {
    request: (index) => requestFor(index, () => candidates.at(index).batch()),
    again: (index) => requestFor(index, (ids) => data.gather(ids)),
  };
  const scored = scoredAhead(plan, steps, requests, losses, from.ahead);
  let recent = [...from.recent];
  /** Ends when the events of the last step asked for are out. */
  let told: Promise<void> = Promise.resolve();

  const reducible = (scores: Scores, irreducibleLoss: Float32Array | undefined): Float32Array =>
    strategy.score!({
      trainingLoss: scores.loss,
      ...(scores.gradientNorm && { gradientNorm: scores.gradientNorm }),
      ...(irreducibleLoss && { irreducibleLoss }),
    });

  /** Asks for the losses of all candidates of a step, or of those whose last ones are not reused. */
  async function requestFor(index: number, gather: (ids: Uint32Array) => Promise<Batch>): Promise<ScoringRequest> {
    const { ids, irreducible } = candidates.at(index);
    if (known === null) return { batch: gather(ids), complete: (scores) => scores };
    const irreducibleLoss = (await irreducible)?.loss;
    const positions = known.toScore(index, ids, (scores) => reducible(scores, irreducibleLoss));
    return { batch: data.gather(idsAt(ids, positions)), complete: known.complete(ids, positions) };
  }

  async function choose(index: number): Promise<Choice> {
    if (strategy.score === null) return { chosenIds: order.at(index).slice(0, smallBatch), scored: null };
    const { ids } = candidates.at(index);
    const [scores, irreducible] = await lossesOf(index).catch(async (error: unknown) => {
      await save(index);
      throw error;
    });
    busy.add('score', scores.span);
    busy.add('score', irreducible?.span);
    const first = selectTop(reducible(scores, irreducible?.loss), ids, options.shortlist ?? smallBatch);
    const decided =
      options.shortlist === null
        ? { scores, selection: first }
        : await shortlisted(ids, scores, irreducible?.loss, first);
    const { chosen } = decided.selection;
    known?.remember(index, ids, decided.scores);
    return { chosenIds: idsAt(ids, chosen), scored: { ids, ...decided } };
  }

  /** Scores the candidates that were chosen first again, exactly and with the weights of now, and chooses among them. */
  async function shortlisted(
    ids: Uint32Array,
    scores: CandidateScores,
    irreducibleLoss: Float32Array | undefined,
    first: Selection,
  ): Promise<{ readonly scores: CandidateScores; readonly selection: Selection }> {
    const listed = idsAt(ids, first.chosen);
    const exact = await trainer.score(await data.gather(listed));
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
    for (let next = index; next <= Math.min(index + lookahead(plan), steps - 1); next++) prepare(next);
    return [await scored.at(index), await candidates.at(index).irreducible] as const;
  }

  function prepare(index: number): void {
    const { batch } = candidates.at(index);
    if (known === null) void batch();
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
    if (strategy.score === null || (options.isExact && known === null)) return null;
    const { ids, irreducible } = candidates.at(index);
    const inTime = ahead.get(index) ?? (await scored.preview(index));
    const exact = await trainer.score(await data.gather(ids));
    const irreducibleLoss = (await irreducible)?.loss;
    const [used, right] = [reducible(inTime, irreducibleLoss), reducible(exact, irreducibleLoss)];
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

  function standingAt(step: number, ahead: LossesAhead): Standing {
    return { step, seconds: clock.seconds(), ahead, known: known?.state ?? null };
  }

  /** Lets all that is under way end, then evaluates and pauses where that is due. */
  async function rest(step: number): Promise<void> {
    const isEvaluated = step % evalEvery === 0 || step === steps;
    if (!isEvaluated && !options.pausesAfter(step)) return;
    await told;
    // Nothing may be computed while the clock stands.
    const [ahead] = await Promise.all([scored.settled(), candidates.settled()]);
    clock.stop();
    if (isEvaluated) await options.emit(await evaluation(step, ahead));
    if (options.pausesAfter(step)) await options.onPause(standingAt(step, ahead));
    clock.start();
  }

  /** Keeps what can be gone on from where scoring failed before step `index`. */
  async function save(index: number): Promise<void> {
    await told;
    const ahead = await scored.rescued(index);
    if (ahead !== null) await options.onPause(standingAt(index, ahead));
  }

  clock.start();
  for (let index = from.step; index < steps; index++) {
    const choice = await choose(index);
    const batch = options.augment(await data.gather(choice.chosenIds), index + 1);
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

function idsAt(ids: Uint32Array, positions: Uint32Array): Uint32Array {
  return positions.map((position) => ids[position]!);
}
