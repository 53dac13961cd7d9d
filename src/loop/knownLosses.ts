import { selectTop } from '../core/selection.ts';
import type { Scores } from '../engine/engine.ts';

/** How losses of earlier passes spare forwards. */
export interface ReuseOptions {
  /** Candidates of a step that are scored, the most promising by what is known of them; more where less is known. */
  readonly count: number;
  /** Steps after which a loss counts as not known any more. */
  readonly steps: number;
}

/** Scores of candidates of which not all were computed for their step. */
export interface CandidateScores extends Scores {
  /** 1 where a loss was computed, 0 where an earlier one stands in; left out, all were. */
  readonly fresh?: Int32Array;
}

/** What is known of examples by their global ids, as arrays that a checkpoint can hold. */
export interface KnownState {
  /** NaN where nothing is known. */
  readonly loss: Float32Array;
  readonly predicted: Int32Array;
  /** The step, 0 for the first, that it was computed for. */
  readonly step: Int32Array;
}

/** The last losses of examples, whatever step they were computed for. */
export interface KnownLosses {
  /** The candidates of step `index` to score, as positions: those not known, and of the others the best by `score`. */
  toScore(index: number, ids: Uint32Array, score: (scores: Scores) => Float32Array): Uint32Array;
  /** Scores of all candidates, from those of the ones at `positions` and what is known of the others. */
  complete(ids: Uint32Array, positions: Uint32Array): (scored: Scores) => CandidateScores;
  /** Takes what step `index` was chosen by. */
  remember(index: number, ids: Uint32Array, scores: CandidateScores): void;
  readonly state: KnownState;
}

/** Nothing known of `length` examples. */
export function nothingKnown(length: number): KnownState {
  return {
    loss: new Float32Array(length).fill(Number.NaN),
    predicted: new Int32Array(length),
    step: new Int32Array(length),
  };
}

/** The state is changed in place. */
export function knownLosses({ count, steps }: ReuseOptions, state: KnownState): KnownLosses {
  const lossesOf = (ids: Uint32Array) => Float32Array.from(ids, (id) => state.loss[id]!);
  const predictedOf = (ids: Uint32Array) => Int32Array.from(ids, (id) => state.predicted[id]!);
  return {
    state,
    toScore(index, ids, score) {
      const isKnown = (id: number) => !Number.isNaN(state.loss[id]) && index - state.step[id]! <= steps;
      const loss = Float32Array.from(ids, (id) => (isKnown(id) ? state.loss[id]! : Number.POSITIVE_INFINITY));
      const scores = score({ loss, predicted: predictedOf(ids) });
      const choosable = scores.filter((value) => !Number.isNaN(value)).length;
      const unknown = scores.filter((value) => value === Number.POSITIVE_INFINITY).length;
      const { chosen } = selectTop(scores, ids, Math.min(choosable, Math.max(count, unknown)));
      return chosen;
    },
    complete(ids, positions) {
      const loss = lossesOf(ids);
      const predicted = predictedOf(ids);
      const fresh = new Int32Array(ids.length);
      return ({ span, ...scored }) => {
        positions.forEach((position, i) => {
          loss[position] = scored.loss[i]!;
          predicted[position] = scored.predicted[i]!;
          fresh[position] = 1;
        });
        return { loss, predicted, fresh, ...(span && { span }) };
      };
    },
    remember(index, ids, { loss, predicted, fresh }) {
      ids.forEach((id, position) => {
        if (fresh !== undefined && fresh[position] === 0) return;
        state.loss[id] = loss[position]!;
        state.predicted[id] = predicted[position]!;
        state.step[id] = index;
      });
    },
  };
}
