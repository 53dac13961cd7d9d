import { timed } from '../../core/span.ts';
import { serveThread } from '../../runtime/thread.ts';
import { loadBackend } from './backends.ts';
import type { TfWorkerCalls } from './calls.ts';
import { numbersOf } from './tensors.ts';
import { openTfTrainingWork, type TfTrainingWork } from './trainingWork.ts';

let trainer: TfTrainingWork | undefined;

const handlers: TfWorkerCalls = {
  async tryBackend({ backend, software }) {
    const tf = await loadBackend(backend, { software });
    const [product] = await numbersOf(tf.matMul([[1, 2]], [[3], [4]]));
    if (product !== 11) throw new Error(`it computes 1 x 3 + 2 x 4 = ${product}`);
  },
  async openTrainer({ model, backend }) {
    const tf = await loadBackend(backend);
    trainer = openTfTrainingWork(tf, model);
  },
  score: (batch) => timed(() => trainer!.score(batch)),
  step: ({ batch, learningRate }) => timed(() => trainer!.step(batch, learningRate)),
  state: () => trainer!.state(),
  weights: () => trainer!.weights(),
  tensorCount: async () => trainer!.tensorCount(),
  release: async () => trainer?.release(),
};

serveThread(handlers);
