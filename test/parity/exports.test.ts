import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findClassifier } from '../../src/onnx/classifier.ts';
import { freeBatch } from '../../src/onnx/freeBatch.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { inEvalForm, readModel, replaceWeights } from '../../src/onnx/model.ts';
import { trainableParameters } from '../../src/onnx/trainable.ts';
import { float32Of, readSafetensors } from './readSafetensors.ts';
import { exampleLosses, trainSteps } from './trainSteps.ts';
import { numbersOf, tokensOf, withoutDropout } from './values.ts';

// Models as PyTorch 1.13 exports them, trained and scored without change.

const folder = new URL('fixtures/exports/', import.meta.url);
const arrays = readSafetensors(new URL('steps.safetensors.gz', folder));

const shapes: Readonly<Record<string, readonly number[] | null>> = {
  mlp: [10],
  cnn: [3, 11, 11],
  resnet: [3, 8, 8],
  encoder: null,
  bert: null,
};

function readFixture(file: string): Uint8Array {
  return inEvalForm(readFileSync(new URL(`${file}.onnx`, folder)), file);
}

function open(bytes: Uint8Array, file: string): Graph {
  return freeBatch(readModel(bytes, file), file);
}

/** The mask of PyTorch's encoder layer is baked in for the batch that was exported. */
const cannotBeFreed = ['encoder-default-opset17-fixed', 'encoder-training-opset17-fixed'];

const forms = [
  'default-opset13-dynamic',
  'default-opset17-dynamic',
  'default-opset17-fixed',
  'training-opset13-dynamic',
  'training-opset17-dynamic',
  'training-opset17-fixed',
];

describe.each(Object.entries(shapes))('%s', (name, dims) => {
  const batchOf = (step: number) => (dims === null ? tokensOf(step) : numbersOf(step, dims));

  test.each(forms.filter((form) => !cannotBeFreed.includes(`${name}-${form}`)))(
    '%s: scores, ten steps and running statistics are those of PyTorch',
    async (form) => {
      const bytes = readFixture(`${name}-${form}`);
      const graph = open(bytes, name);
      const expected = (what: string) => float32Of(arrays, `${name}.${form.split('-')[0]}.${what}`).data;
      // The batch has 8 examples, which a model exported for 4 takes as well.
      expect(await exampleLosses(graph, dims, batchOf)).toBeAllClose(expected('exampleLosses'), {
        rtol: 1e-4,
        atol: 1e-6,
      });
      const { losses, weights } = await trainSteps(withoutDropout(graph), dims, batchOf);
      expect(losses).toBeAllClose(expected('losses'), { rtol: 1e-4, atol: 0 });
      for (const [weight, { data }] of [...weights].filter(([weight]) => weight.includes('running')))
        expect(data as Float32Array).toBeAllClose(expected(`average.${weight}`), { rtol: 1e-4, atol: 1e-4 });

      const saved = replaceWeights(bytes, name, weights);
      const again = readModel(saved, name);
      const before = readModel(bytes, name);
      expect(again).toEqual({ ...before, weights: new Map([...before.weights, ...weights]) });
      for (const { op, inputs, outputs, attributes } of again.nodes) {
        if (op === 'BatchNormalization') expect([outputs.length, attributes.training_mode]).toEqual([1, undefined]);
        if (op === 'Dropout') expect(inputs.length).toBeLessThan(3);
      }
    },
  );
});

test('dropout of an export in training mode takes values away, the same ones for a seed', async () => {
  const graph = open(readFixture('bert-training-opset17-dynamic'), 'bert');
  const { losses } = await trainSteps(graph, null, tokensOf);
  expect((await trainSteps(graph, null, tokensOf)).losses).toEqual(losses);
  expect((await trainSteps(withoutDropout(graph), null, tokensOf)).losses[0]).not.toBe(losses[0]);
});

test.each(cannotBeFreed)('%s is refused, naming the node that holds the batch', (file) => {
  expect(() => open(readFixture(file), file)).toThrow(
    new RegExp(
      `^Cannot use "${file}": it was exported for batches of 4 and cannot be freed of that \\(\\w+ \\(node ".*self_attn.*"\\) .*\\); export it with a batch of any size`,
    ),
  );
});

test('an export in training mode trains what PyTorch calls parameters, under its names', () => {
  const graph = open(readFixture('cnn-training-opset17-dynamic'), 'cnn');
  expect([...trainableParameters(findClassifier(graph, 'cnn'))].sort()).toEqual([
    ...['bn1.bias', 'bn1.weight', 'bn2.bias', 'bn2.weight', 'conv1.weight', 'conv2.weight', 'fc.bias', 'fc.weight'],
  ]);
});
