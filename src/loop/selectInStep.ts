import type { Order } from '../core/order.ts';
import { reportedLater } from '../core/reportedLater.ts';
import type { StepResult } from '../engine/engine.ts';
import type { CandidatesAhead } from './candidates.ts';
import { idsAt, reducibleLosses } from './selector.ts';
import type { Choice } from './stepOutcome.ts';
import type { TrainOptions } from './train.ts';

/** A step that a trainer was asked for. */
export interface Asked {
  readonly choice: Promise<Choice>;
  readonly trained: Promise<StepResult>;
}

/** Whether the trainer chooses inside its steps: it does where it was opened for that. */
export function selectsInStep({ trainer, strategy }: Pick<TrainOptions, 'trainer' | 'strategy'>): boolean {
  return trainer.selectAndStep !== undefined && strategy.score !== null;
}

/** Big batches with the smaller ids first: of equal scores a graph takes the first. */
export function ascending(order: Order): Order {
  return { ...order, at: (step) => order.at(step).sort() };
}

/** Hands all candidates of step `index` to the trainer, which scores, chooses and steps in one graph. */
export async function askToSelect(
  { trainer, strategy, steps }: TrainOptions,
  candidates: CandidatesAhead,
  index: number,
  learningRate: number,
): Promise<Asked> {
  const { ids, irreducible, batch } = candidates.at(index);
  const irreducibleLoss = (await irreducible)?.loss;
  const asked = reportedLater(trainer.selectAndStep!(await batch(), irreducibleLoss ?? null, learningRate));
  if (index + 1 < steps) void candidates.at(index + 1).batch();
  const choice = asked.then(({ scores, chosen }) => {
    const nan = reducibleLosses(strategy, scores, irreducibleLoss).filter(Number.isNaN).length;
    return { chosenIds: idsAt(ids, chosen), scored: { ids, scores, selection: { chosen, nan } } };
  });
  return { choice: reportedLater(choice), trained: asked };
}
