import { expect, test } from 'vitest';
import { mlp } from '../../src/architectures/mlp.ts';
import type { Batch } from '../../src/core/batch.ts';
import { selectTop, strategyOf } from '../../src/core/selection.ts';
import { openScorer } from '../../src/engine/ort/openScorer.ts';
import { openTrainer } from '../../src/engine/ort/openTrainer.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { float32Of, int32Of, readSafetensors, type StoredArray, uint8Of } from './readSafetensors.ts';

const fixture = (name: string) => readSafetensors(new URL(`fixtures/${name}.safetensors.gz`, import.meta.url));
const steps = fixture('mlp-steps');
const selection = fixture('selection');

const common = {
  name: 'fixture',
  stored: [{ dtype: 'uint8' as const, dims: [784] }],
  preprocessing: { kind: 'standardize' as const, scale: 1 / 255, mean: [0.1307], std: [0.3081] },
  device: 'cpu' as const,
  threads: 1,
};

/** The MLP with these hidden widths and the weights that PyTorch gave it under `prefix`. */
function modelFrom(arrays: ReadonlyMap<string, StoredArray>, prefix: string, hidden: readonly number[]): Graph {
  const graph = mlp({ inputDims: [784], hidden, classes: 10, seed: 0 });
  const weights = [...graph.weights].map(([name, tensor]) => {
    const known = name.startsWith('fc')
      ? { ...tensor, data: float32Of(arrays, `${prefix}.${name}`).data.slice() }
      : tensor;
    return [name, known] as const;
  });
  return { ...graph, weights: new Map(weights) };
}

function batchOf(arrays: ReadonlyMap<string, StoredArray>, index: number, size: number): Batch {
  const data = uint8Of(arrays, 'images').data.slice(index * size * 784, (index + 1) * size * 784);
  const labels = int32Of(arrays, 'labels').data.slice(index * size, (index + 1) * size);
  return { inputs: [{ dtype: 'uint8', dims: [size, 784], data }], labels };
}

test('ten AdamW steps give the losses, weights and moments of PyTorch', async () => {
  const trainer = await openTrainer(modelFrom(steps, 'initial', [64, 32]), {
    ...common,
    outputs: ['loss', 'predicted'],
    smallBatch: 32,
    seed: 0,
  });
  const losses: number[] = [];
  const exampleLosses: number[] = [];
  for (let step = 0; step < 10; step++) {
    const { meanLoss, loss } = await trainer.step(batchOf(steps, step, 32), 1e-3);
    losses.push(meanLoss);
    exampleLosses.push(...loss);
  }
  const { tensors } = await trainer.state();
  await trainer.close();

  expect(losses).toBeAllClose(float32Of(steps, 'losses').data, { rtol: 0, atol: 1e-5 });
  expect(exampleLosses).toBeAllClose(float32Of(steps, 'exampleLosses').data, { rtol: 0, atol: 1e-5 });
  const differences = Object.entries(tensors)
    .filter(([name]) => !name.includes('/'))
    .flatMap(([name, { data }]) => {
      const expected = float32Of(steps, `final.${name}`).data;
      return Array.from(expected, (value, i) => Math.abs(value - Number(data[i])));
    });
  expect(differences).toHaveLength(784 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10);
  expect(Math.max(...differences.map((difference) => difference))).toBeLessThan(1e-3);
  expect(differences.filter((difference) => difference > 1e-5).length / differences.length).toBeLessThan(1e-4);
  // The trainer keeps its moments scaled: m / (1 - beta1) and v / (1 - beta2).
  for (const [index, name, scale] of [
    [1, 'firstMoment', 0.1],
    [2, 'secondMoment', 0.001],
  ] as const) {
    const ours = tensors[`fc1.weight/moment${index}`]!.data as Float32Array;
    const theirs = float32Of(steps, `${name}.fc1.weight`).data;
    expect(ours.map((value) => value * scale)).toBeAllClose(theirs, { rtol: 1e-4, atol: 1e-8 });
  }
});

test.each([0, 1])('big batch %i: losses, gradient norms and the selected ids are those of PyTorch', async (index) => {
  const row = (name: string, width = 320) => float32Of(selection, name).data.slice(index * width, (index + 1) * width);
  const target = await openScorer(modelFrom(selection, 'target', [64, 32]), {
    ...common,
    outputs: ['loss', 'predicted', 'gradientNorm'],
  });
  const il = await openScorer(modelFrom(selection, 'il', [16]), { ...common, outputs: ['loss', 'predicted'] });
  const { loss: trainingLoss, gradientNorm } = await target.score(batchOf(selection, index, 320));
  const { loss: irreducibleLoss } = await il.score(batchOf(selection, index, 320));
  await target.close();
  await il.close();

  expect(trainingLoss).toBeAllClose(row('trainingLosses'), { rtol: 0, atol: 1e-5 });
  expect(irreducibleLoss).toBeAllClose(row('irreducibleLosses'), { rtol: 0, atol: 1e-5 });
  expect(gradientNorm!).toBeAllClose(row('gradientNormBounds'), { rtol: 0, atol: 1e-5 });
  const scores = strategyOf('rho').score!({ trainingLoss, irreducibleLoss });
  const ids = Uint32Array.from({ length: 320 }, (_, id) => id);
  // The fixture keeps the gap of scores at the cut above 1e-5.
  expect([...selectTop(scores, ids, 32).chosen]).toEqual([
    ...int32Of(selection, 'selected').data.slice(index * 32, (index + 1) * 32),
  ]);
});
