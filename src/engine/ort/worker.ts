import { timed } from '../../core/span.ts';
import { serveThread } from '../../runtime/thread.ts';
import { findBlock } from './block.ts';
import type { WorkerCalls } from './calls.ts';
import { evaluate } from './evaluate.ts';
import { openScoringWork, type ScoringWork } from './scoringWork.ts';
import { type OrtTensor, toOrt } from './session.ts';
import { openTrainingWork, type TrainingWork } from './trainingWork.ts';

let scorer: ScoringWork | undefined;
let trainer: TrainingWork | undefined;
let weights: Readonly<Record<string, OrtTensor>> = {};

const handlers: WorkerCalls = {
  block: () => findBlock(),
  async openScorer({ model, device, sharing }) {
    scorer = await openScoringWork(model, device, sharing);
  },
  async openTrainer({ model, device }) {
    trainer = await openTrainingWork(model, device);
  },
  evaluate,
  async setWeights(tensors) {
    weights = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]));
  },
  score: (batch) => timed(() => (trainer === undefined ? scorer!.score(batch, weights) : trainer.score(batch))),
  scoreCandidates: (batch) => timed(() => trainer!.scoreCandidates(batch)),
  step: ({ batch, learningRate }) => timed(() => trainer!.step(batch, learningRate)),
  state: async () => trainer!.state(),
  weights: async () => trainer!.weights(),
  release: async () => (trainer ?? scorer)?.release(),
};

serveThread(handlers);
