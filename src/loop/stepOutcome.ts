import type { Selection } from '../core/selection.ts';
import type { Dataset } from '../data/dataset.ts';
import type { StepResult } from '../engine/engine.ts';
import type { StepEvent } from './events.ts';
import type { CandidateScores } from './knownLosses.ts';
import { quantilesOf } from './quantiles.ts';

/** What an event says of a step besides its number and its time. */
export type StepOutcome = Omit<StepEvent, 'type' | 'step' | 'seconds' | 'busy'>;

/** The small batch of a step, and how it was chosen. */
export interface Choice {
  readonly chosenIds: Uint32Array;
  /** Null where nothing was scored. */
  readonly scored: {
    readonly ids: Uint32Array;
    readonly scores: CandidateScores;
    readonly selection: Selection;
  } | null;
}

/** What came of training on a choice. */
export function outcomeOf(data: Dataset, { chosenIds, scored }: Choice, result: StepResult): StepOutcome {
  const common = { loss: result.meanLoss, ids: [...chosenIds], corrupted: countCorrupted(data, chosenIds) };
  if (scored === null)
    return {
      ...common,
      learnt: result.predicted.filter((label, i) => label === data.labels[chosenIds[i]!]).length,
      selectedLoss: quantilesOf(result.loss),
      otherLoss: null,
      nanCandidates: 0,
    };
  const { ids, scores, selection } = scored;
  const isChosen = new Set(selection.chosen);
  const { loss, predicted, fresh } = scores;
  return {
    ...common,
    learnt: selection.chosen.filter((position) => predicted[position] === data.labels[ids[position]!]).length,
    selectedLoss: quantilesOf(loss.filter((_, position) => isChosen.has(position))),
    otherLoss: quantilesOf(loss.filter((_, position) => !isChosen.has(position))),
    nanCandidates: selection.nan,
    ...(fresh && { reused: fresh.filter((computed) => computed === 0).length }),
  };
}

function countCorrupted({ labels, trueLabels }: Dataset, ids: Uint32Array): number | null {
  return trueLabels === undefined ? null : ids.filter((id) => labels[id] !== trueLabels[id]).length;
}
