import { timed } from '../../core/span.ts';
import { serveThread } from '../../runtime/thread.ts';
import { findBlock } from './block.ts';
import type { WorkerCalls } from './calls.ts';
import { evaluate } from './evaluate.ts';
import { productsOverflow } from './overflow.ts';
import { openRefreshedWork, type RefreshedWork } from './refreshedWork.ts';
import { openScoringWork, type ScoringWork } from './scoringWork.ts';
import { openTrainingWork, type TrainingWork } from './trainingWork.ts';

let scorer: ScoringWork | undefined;
let refreshed: RefreshedWork | undefined;
let trainer: TrainingWork | undefined;

const handlers: WorkerCalls = {
  block: () => findBlock(),
  productsOverflow: () => productsOverflow(),
  async openScorer({ model, device, sharing }) {
    scorer = await openScoringWork(model, device, sharing);
  },
  async openRefreshed({ model, device, sharing }) {
    refreshed = await openRefreshedWork(model, device, sharing);
  },
  async openTrainer({ model, device }) {
    trainer = await openTrainingWork(model, device);
  },
  evaluate,
  setWeights: (weights) => refreshed!.setWeights(weights),
  score: (batch) => timed(() => (trainer ?? refreshed ?? scorer)!.score(batch)),
  scoreCandidates: (batch) => timed(() => trainer!.scoreCandidates(batch)),
  step: ({ batch, learningRate }) => timed(() => trainer!.step(batch, learningRate)),
  selectAndStep: (argument) => timed(() => trainer!.selectAndStep(argument)),
  state: () => trainer!.state(),
  weights: () => trainer!.weights(),
  release: async () => (trainer ?? refreshed ?? scorer)?.release(),
};

serveThread(handlers);
