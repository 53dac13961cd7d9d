import type { Batch } from '../core/batch.ts';
import { reportedLater } from '../core/reportedLater.ts';
import type { Scores } from '../engine/engine.ts';
import type { CandidateScores } from './knownLosses.ts';
import { type ScoringPlan, scoredWith, versionFor } from './plan.ts';
import type { TrainingLosses } from './trainingLosses.ts';

/** The training losses of candidates by step, 0 for the first, that were scored before their step. */
export type LossesAhead = ReadonlyMap<number, CandidateScores>;

/** What is scored for a step, and how that becomes the scores of all its candidates. */
export interface ScoringRequest {
  batch(): Promise<Batch>;
  complete(scored: Scores): CandidateScores;
}

/** What is scored for steps, 0 for the first. */
export interface ScoringRequests {
  request(index: number): Promise<ScoringRequest>;
  /** The same to compare with, with a batch of its own: the step itself still needs that. */
  again(index: number): Promise<ScoringRequest>;
}

/** Has candidates scored with the weights that a plan says, and keeps their losses until their step. */
export interface ScoredAhead {
  /** To be called after `version` steps and before the next: begins with all that is scored with the weights of now. */
  begin(version: number): Promise<void>;
  /** Whether those of step `index` are scored, or being scored. */
  has(index: number): boolean;
  /** The losses of step `index`. */
  at(index: number): Promise<CandidateScores>;
  /** Lets go of those of step `index`. */
  drop(index: number): void;
  /** The losses that step `index` would get with the weights of now. */
  preview(index: number): Promise<CandidateScores>;
  /** Waits for what is under way and gives all losses that are not let go of. */
  settled(): Promise<LossesAhead>;
  /** The same where scoring failed: what there is, or null where some of it is lost that the weights after `version` steps cannot bring back. */
  rescued(version: number): Promise<LossesAhead | null>;
}

/**
 * `steps` is how many there are in all; the requests say what is scored for a step; `known` are the losses that a run which goes on
 * has scored before.
 */
export function scoredAhead(
  plan: ScoringPlan,
  steps: number,
  { request, again }: ScoringRequests,
  losses: TrainingLosses,
  known: LossesAhead,
): ScoredAhead {
  const ahead = new Map<number, Promise<CandidateScores>>(
    [...known].map(([index, scores]) => [index, Promise.resolve(scores)]),
  );
  const score = async (indices: readonly number[], request: (index: number) => Promise<ScoringRequest>) => {
    const requests = await Promise.all(indices.map(request));
    const scores = await losses.score(requests.map((request) => request.batch));
    return requests.map(({ complete }, i) => reportedLater(scores[i]!.then(complete)));
  };
  return {
    async begin(version) {
      const indices = scoredWith(plan, version).filter((index) => index < steps);
      if (indices.length === 0) return;
      const scores = await score(indices, request);
      indices.forEach((index, i) => {
        ahead.set(index, scores[i]!);
      });
    },
    has: (index) => ahead.has(index),
    async at(index) {
      const scores = ahead.get(index);
      if (scores === undefined) throw new Error(`The candidates of step ${index} were never scored`);
      return scores;
    },
    drop: (index) => void ahead.delete(index),
    preview: async (index) => (await score([index], again))[0]!,
    async settled() {
      const entries = [...ahead].map(async ([index, scores]) => [index, await scores] as const);
      return new Map(await Promise.all(entries));
    },
    async rescued(version) {
      const indices = [...ahead.keys()];
      const results = await Promise.allSettled(ahead.values());
      const there = results.flatMap((result, i) =>
        result.status === 'fulfilled' ? [[indices[i]!, result.value] as const] : [],
      );
      const found = new Map(there);
      // All with the weights of now are scored again, so none of them counts as known.
      const kept = indices.filter((index) => versionFor(plan, index) !== version);
      return kept.every((index) => found.has(index)) ? new Map(kept.map((index) => [index, found.get(index)!])) : null;
    },
  };
}
