import { expect, test } from 'vitest';
import { albert, albertBase } from '../../src/architectures/albert.ts';
import { bert, bertBase } from '../../src/architectures/bert.ts';
import { cnn } from '../../src/architectures/cnn.ts';
import { resnet18 } from '../../src/architectures/resnet.ts';
import { transformerSize } from '../../src/architectures/transformer.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { float32Of, readSafetensors } from './readSafetensors.ts';
import { exampleLosses, trainSteps } from './trainSteps.ts';
import { classes, length, numbersOf, tokensOf, vocabulary, withInitialValues, withoutDropout } from './values.ts';

const arrays = readSafetensors(new URL('fixtures/exports/steps.safetensors.gz', import.meta.url));

const images = { inputDims: [3, 32, 32], classes, seed: 0 };
const texts = { inputDims: [length], classes, seed: 0, vocabulary };
const small = { width: 32, heads: 2, feedForward: 64, positions: 16 };

test.each<[string, readonly number[] | null, Graph]>([
  ['cnn', images.inputDims, cnn({ ...images, width: 64 })],
  ['resnet', images.inputDims, resnet18({ ...images, width: 4 })],
  ['transformer', null, bert({ ...texts, size: transformerSize('2x64')! })],
  ['bert', null, bert({ ...texts, size: { ...bertBase, ...small, layers: 2 } })],
  ['albert', null, albert({ ...texts, size: { ...albertBase, ...small, layers: 3, embedding: 16 } })],
])('%s: scores, ten steps and running statistics are those of PyTorch', async (name, dims, built) => {
  const graph = withoutDropout(withInitialValues(built));
  const batchOf = (step: number) => (dims === null ? tokensOf(step) : numbersOf(step, dims));
  const expected = (what: string) => float32Of(arrays, `builtin.${name}.${what}`).data;
  expect(await exampleLosses(graph, dims, batchOf)).toBeAllClose(expected('exampleLosses'), { rtol: 1e-4, atol: 1e-6 });
  const { losses, weights } = await trainSteps(graph, dims, batchOf);
  expect(losses).toBeAllClose(expected('losses'), { rtol: 1e-4, atol: 0 });
  const averages = [...weights].filter(([weight]) => weight.includes('running'));
  expect(averages).toHaveLength(name === 'resnet' ? 2 * 20 : 0);
  for (const [weight, { data }] of averages)
    expect(data as Float32Array).toBeAllClose(expected(`average.${weight}`), { rtol: 1e-4, atol: 1e-4 });
});
