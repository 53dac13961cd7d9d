import { serveThread } from '../../runtime/thread.ts';
import type { WorkerCalls } from './calls.ts';
import { openScoringWork, type ScoringWork } from './scoringWork.ts';
import { openTrainingWork, type TrainingWork } from './trainingWork.ts';

let scorer: ScoringWork | undefined;
let trainer: TrainingWork | undefined;

const handlers: WorkerCalls = {
  async openScorer({ model, device }) {
    scorer = await openScoringWork(model, device);
  },
  async openTrainer({ model, device }) {
    trainer = await openTrainingWork(model, device);
  },
  score: (batch) => (trainer ?? scorer)!.score(batch),
  step: ({ batch, learningRate }) => trainer!.step(batch, learningRate),
  state: async () => trainer!.state(),
  weights: async () => trainer!.weights(),
  release: async () => (trainer ?? scorer)?.release(),
};

serveThread(handlers);
