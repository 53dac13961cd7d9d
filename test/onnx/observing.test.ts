import { expect, test } from 'vitest';
import { float32, type Tensor } from '../../src/core/tensor.ts';
import { openTrainer } from '../../src/engine/ort/openTrainer.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { float, type Graph, int } from '../../src/onnx/graph.ts';
import { scoreGraph } from '../../src/onnx/scoreGraph.ts';
import { nextOf } from '../../src/onnx/trainingGraph.ts';
import { runGraph } from './runGraph.ts';

const feed = { name: 'net', stored: [{ dtype: 'float32', dims: [2] }], preprocessing: { kind: 'none' } } as const;

/** Two numbers normalised by running averages, which are the logits. */
function model(mean: readonly number[], variance: readonly number[]): Graph {
  const b = new GraphBuilder('net');
  const weight = (name: string, values: readonly number[]) => b.weight(name, float32(values));
  const inputs = [weight('scale', [1, 1]), weight('bias', [0, 0]), weight('mean', mean), weight('variance', variance)];
  const x = b.input({ name: 'x', dtype: 'float32', dims: ['batch', 2] });
  b.output(b.node('BatchNormalization', [x, ...inputs], { epsilon: float(0), momentum: float(0.9) }), 'logits');
  return b.build();
}

const candidates: Tensor = float32([1, 0, 3, 0, 5, 6], [3, 2]);
const labels = Int32Array.of(0, 1, 0);

test('averages move a tenth of the way to the mean and unbiased variance of what is scored', async () => {
  const names = new Set(['scale', 'bias', 'mean', 'variance']);
  const of = model([1, 2], [1, 4]);
  const graph = scoreGraph(of, { ...feed, outputs: ['loss'], weightsAsInputs: names, observed: 3 });
  const fed = { x: candidates, 'rho/labels': { dtype: 'int32', dims: [3], data: labels } } as const;
  const results = await runGraph(graph, { ...fed, ...Object.fromEntries(of.weights) });
  // Means 3 and 2, sums of squares 8 and 24 over 2.
  expect(results[nextOf('mean')]!.data as Float32Array).toBeAllClose([0.9 + 0.3, 1.8 + 0.2]);
  expect(results[nextOf('variance')]!.data as Float32Array).toBeAllClose([0.9 + 0.4, 3.6 + 1.2]);
  // The losses themselves are by the averages as they were: logits 0 and -1 for the first.
  expect(results.loss!.data[0]).toBeCloseTo(Math.log(1 + Math.exp(-1)), 5);
});

test('a trainer takes its averages from candidates alone, and only where it was opened so', async () => {
  const b = new GraphBuilder('net');
  const x = b.input({ name: 'x', dtype: 'float32', dims: ['batch', 2] });
  const weight = (name: string, values: readonly number[], dims?: readonly number[]) =>
    b.weight(name, float32(values, dims));
  const ones = [weight('scale', [1, 1]), weight('bias', [0, 0]), weight('mean', [0, 0]), weight('variance', [1, 1])];
  const normal = b.node('BatchNormalization', [x, ...ones]);
  b.output(b.node('Gemm', [normal, weight('w', [1, 0, 0, 1], [2, 2])], { transB: int(1) }), 'logits');
  const of = b.build();
  const batch = () => ({ inputs: [{ ...candidates, data: candidates.data.slice() }], labels: labels.slice() });
  const averagesAfter = async (averagesOf?: number) => {
    const options = { ...feed, device: 'cpu', threads: 1, outputs: ['loss'], smallBatch: 3, seed: 0 } as const;
    const trainer = await openTrainer(of, { ...options, ...(averagesOf !== undefined && { averagesOf }) });
    const seen: number[] = [];
    const look = async () => seen.push((await trainer.weights()).get('mean')!.data[0] as number);
    await trainer.score(batch());
    await look();
    await trainer.scoreCandidates(batch());
    await look();
    await trainer.step(batch(), 1e-3);
    await look();
    await trainer.close();
    return seen;
  };
  // The first channel has the mean 3.
  expect(await averagesAfter(3)).toBeAllClose([0, 0.3, 0.3]);
  expect(await averagesAfter()).toBeAllClose([0, 0, 0.3]);
});
