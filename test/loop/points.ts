import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { randomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { memoryDataset } from '../../src/data/memoryDataset.ts';
import type { RefreshedScorer, Trainer, TrainerState } from '../../src/engine/engine.ts';
import { openRefreshedScorer } from '../../src/engine/ort/openScorer.ts';
import { openTrainer, type TrainerOptions } from '../../src/engine/ort/openTrainer.ts';
import type { RefreshedOptions } from '../../src/engine/ort/refreshedModel.ts';
import type { Graph } from '../../src/onnx/graph.ts';

const centres = [
  [0, 2],
  [2, -1],
  [-2, -1],
] as const;

/** Points of the plane around three centres, one for each class, every fifth of them with a wrong label. */
export function points(length: number, seed: number): Promise<Dataset> {
  const random = randomStream(seed, 'points');
  const spread = () => 2 * (random.unit() + random.unit() - 1);
  const trueLabels = Int32Array.from({ length }, () => random.below(3));
  return memoryDataset({
    name: 'points',
    classes: 3,
    inputs: [
      {
        dtype: 'float32',
        dims: [2],
        data: Float32Array.from(
          [...trueLabels].flatMap((label) => centres[label]!.map((coordinate) => coordinate + spread())),
        ),
      },
    ],
    labels: trueLabels.map((label, id) => (id % 5 === 0 ? (label + 1) % 3 : label)),
    trueLabels,
    preprocessing: { kind: 'none' },
  });
}

/** A multi-layer perceptron of eight hidden units for them. */
export const pointsModel = (): Graph => buildArchitecture('mlp:8', { inputDims: [2], classes: 3, seed: 5 });

/** How it is scored with. */
export function pointsScoring(data: Dataset): RefreshedOptions {
  return {
    name: 'mlp:8',
    stored: data.inputs,
    preprocessing: data.preprocessing,
    device: 'cpu',
    threads: 1,
    outputs: ['loss', 'predicted', 'gradientNorm'],
  };
}

/** It on the real engine. */
export function openPointsTrainer(
  data: Dataset,
  smallBatch: number,
  state?: TrainerState,
  more: Partial<TrainerOptions> = {},
): Promise<Trainer> {
  return openTrainer(pointsModel(), { ...pointsScoring(data), smallBatch, seed: 5, ...(state && { state }), ...more });
}

/** It beside a trainer that gives it the weights of these names. */
export function openPointsScorer(data: Dataset, refreshed: ReadonlySet<string>): Promise<RefreshedScorer> {
  return openRefreshedScorer(pointsModel(), pointsScoring(data), refreshed);
}

/** What the perceptron says of example `id`, computed here from its weights: loss, class, ‖softmax - one-hot‖. */
export function judge(
  weights: ReadonlyMap<string, Tensor>,
  coordinates: Float32Array,
  label: number,
): { loss: number; predicted: number; gradientNorm: number } {
  const layer = (name: string, input: readonly number[]): number[] => {
    const weight = weights.get(`${name}.weight`)!.data as Float32Array;
    const bias = weights.get(`${name}.bias`)!.data as Float32Array;
    return [...bias].map((start, unit) =>
      input.reduce((sum, value, i) => sum + weight[unit * input.length + i]! * value, start),
    );
  };
  const hidden = layer('fc1', [...coordinates]).map((value) => Math.max(0, value));
  const logits = layer('fc2', hidden);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
  const errors = logits.map((logit, index) => Math.exp(logit) / sum - (index === label ? 1 : 0));
  return {
    loss: Math.log(sum) - logits[label]!,
    predicted: logits.indexOf(Math.max(...logits)),
    gradientNorm: Math.hypot(...errors),
  };
}
