import type { Batch } from '../core/batch.ts';
import { type Selection, type Strategy, selectTop } from '../core/selection.ts';
import type { Scores } from '../engine/engine.ts';
import { agreementWith } from './agreement.ts';
import type { BusyMeter } from './busyMeter.ts';
import type { CandidatesAhead } from './candidates.ts';
import type { Agreement } from './events.ts';
import { type CandidateScores, type KnownState, knownLosses, nothingKnown } from './knownLosses.ts';
import { type LossesAhead, type ScoringRequest, scoredAhead } from './scoredAhead.ts';
import type { Choice } from './stepOutcome.ts';
import type { TrainOptions } from './train.ts';
import { scoredBeside, scoredByTrainer } from './trainingLosses.ts';

/** Chooses small batches by what candidates score, which is had ahead of time as far as the plan allows. */
export interface Selector {
  /** The small batch of step `index`, 0 for the first; called for one step after another, between two steps of the trainer. */
  choose(index: number): Promise<Choice>;
  /** How well the scores that step `index` is going to be chosen by agree with exact ones; null where they are exact. */
  agreementAt(index: number, ahead: LossesAhead): Promise<Agreement | null>;
  /** To be called when step `index` was asked of the trainer: what it was chosen by is known from now on, and let go of. */
  asked(index: number): void;
  /** Waits for all scores that are under way and gives those of the steps to come. */
  settled(): Promise<LossesAhead>;
  /** The same where something failed, after `version` steps; null where some of it cannot be had again. */
  rescued(version: number): Promise<LossesAhead | null>;
  /** Losses that later steps may reuse; null where none are. */
  known(): KnownState | null;
}

/** The scores of candidates that a strategy chooses by. */
export function reducibleLosses(strategy: Strategy, scores: Scores, irreducibleLoss?: Float32Array): Float32Array {
  const { loss: trainingLoss, gradientNorm } = scores;
  return strategy.score!({
    trainingLoss,
    ...(gradientNorm && { gradientNorm }),
    ...(irreducibleLoss && { irreducibleLoss }),
  });
}

/** A selector for a strategy that scores. */
export function selectorFor(options: TrainOptions, candidates: CandidatesAhead, busy: BusyMeter): Selector {
  const { trainer, data, strategy, scorer, plan, steps, smallBatch, shortlist, from } = options;
  const known = options.reuse && knownLosses(options.reuse, from.known ?? nothingKnown(data.length));
  const losses = scorer === null ? scoredByTrainer(trainer) : scoredBeside(trainer, scorer);
  const scored = scoredAhead(
    plan,
    steps,
    {
      async request(index) {
        const { batch, complete } = await requestFor(index, () => candidates.at(index).batch());
        return {
          batch,
          complete(scores) {
            busy.add('score', scorer === null ? 'trainer' : 'beside', scores.span);
            return complete(scores);
          },
        };
      },
      again: (index) => requestFor(index, (ids) => data.gather(ids)),
    },
    losses,
    from.ahead,
  );
  /** What the last step was chosen by. */
  let chosenBy: { readonly ids: Uint32Array; readonly scores: CandidateScores } | null = null;
  const scoreOf = (scores: Scores, irreducibleLoss?: Float32Array) =>
    reducibleLosses(strategy, scores, irreducibleLoss);

  /** Asks for the losses of all candidates of a step, or of those whose last ones are not reused. */
  async function requestFor(index: number, gather: (ids: Uint32Array) => Promise<Batch>): Promise<ScoringRequest> {
    const { ids, irreducible } = candidates.at(index);
    if (known === null) return { batch: () => gather(ids), complete: (scores) => scores };
    const irreducibleLoss = (await irreducible)?.loss;
    const positions = known.toScore(index, ids, (scores) => scoreOf(scores, irreducibleLoss));
    return { batch: () => data.gather(idsAt(ids, positions)), complete: known.complete(ids, positions) };
  }

  async function lossesOf(index: number) {
    await scored.begin(index);
    if (index + 1 < steps) {
      const { batch } = candidates.at(index + 1);
      if (known === null && !scored.has(index + 1)) void batch();
    }
    return [await scored.at(index), await candidates.at(index).irreducible] as const;
  }

  return {
    async choose(index) {
      const { ids } = candidates.at(index);
      const [scores, irreducible] = await lossesOf(index);
      const first = selectTop(scoreOf(scores, irreducible?.loss), ids, shortlist ?? smallBatch);
      const decided =
        shortlist === null
          ? { scores, selection: first }
          : await choiceAmong(options, busy, { ids, scores, first, irreducibleLoss: irreducible?.loss });
      chosenBy = { ids, scores: decided.scores };
      return { chosenIds: idsAt(ids, decided.selection.chosen), scored: { ids, ...decided } };
    },
    async agreementAt(index, ahead) {
      if (options.isExact && known === null) return null;
      const { ids, irreducible } = candidates.at(index);
      const inTime = ahead.get(index) ?? (await scored.preview(index));
      const exact = await trainer.score(await data.gather(ids));
      const irreducibleLoss = (await irreducible)?.loss;
      const [used, right] = [scoreOf(inTime, irreducibleLoss), scoreOf(exact, irreducibleLoss)];
      const { span } = exact;
      return {
        ...agreementWith(right, used, shortlist === null ? null : selectTop(used, ids, shortlist).chosen),
        candidates: ids.length,
        exactSeconds: span === undefined ? null : (span.ended - span.began) / 1000,
      };
    },
    asked(index) {
      // Not before: a run that ends in between goes on with the same step.
      if (chosenBy !== null) known?.remember(index, chosenBy.ids, chosenBy.scores);
      scored.drop(index);
    },
    settled: () => scored.settled(),
    // A trainer that has scored the candidates of its next step with effect is not what it was after its last one.
    rescued: async (version) => (options.scoringChangesTrainer && scored.has(version) ? null : scored.rescued(version)),
    known: () => known?.state ?? null,
  };
}

/** Candidates on the way to a choice. */
interface Shortlist {
  readonly ids: Uint32Array;
  readonly scores: CandidateScores;
  /** What was chosen by those. */
  readonly first: Selection;
  readonly irreducibleLoss: Float32Array | undefined;
}

/** Scores the candidates that were chosen first again, exactly and with the weights of now, and chooses among them. */
async function choiceAmong(
  { trainer, data, strategy, smallBatch }: TrainOptions,
  busy: BusyMeter,
  { ids, scores, first, irreducibleLoss }: Shortlist,
): Promise<{ readonly scores: CandidateScores; readonly selection: Selection }> {
  const listed = idsAt(ids, first.chosen);
  const exact = await trainer.score(await data.gather(listed));
  busy.add('score', 'trainer', exact.span);
  const listedLoss = irreducibleLoss && Float32Array.from(first.chosen, (position) => irreducibleLoss[position]!);
  const { chosen, nan } = selectTop(reducibleLosses(strategy, exact, listedLoss), listed, smallBatch);
  return {
    scores: replacedAt(scores, first.chosen, exact),
    selection: { chosen: chosen.map((place) => first.chosen[place]!), nan: first.nan + nan },
  };
}

/** The scores with those at some positions replaced by better ones, in the order of `positions`. */
function replacedAt(scores: CandidateScores, positions: Uint32Array, better: Scores): CandidateScores {
  const replaced = <T extends Float32Array | Int32Array>(values: T, by: (i: number) => number): T => {
    const copy = values.slice() as T;
    positions.forEach((position, i) => {
      copy[position] = by(i);
    });
    return copy;
  };
  const { loss, predicted, gradientNorm, fresh } = scores;
  return {
    ...scores,
    loss: replaced(loss, (i) => better.loss[i]!),
    predicted: replaced(predicted, (i) => better.predicted[i]!),
    ...(gradientNorm && { gradientNorm: replaced(gradientNorm, (i) => better.gradientNorm![i]!) }),
    ...(fresh && { fresh: replaced(fresh, () => 1) }),
  };
}

export function idsAt(ids: Uint32Array, positions: Uint32Array): Uint32Array {
  return positions.map((position) => ids[position]!);
}
