import type { CandidateScoringOptions } from './scoringForm.ts';

/** The paper's method, which runs from before there was a choice went by. */
export const exactScoring: CandidateScoringOptions = {
  staleness: 0,
  refresh: 1,
  scoring: 'exact',
  reuse: null,
  reuseEpochs: 4,
  shortlist: null,
  scoreThreads: null,
  scoreDevice: null,
};
