import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import type { Preprocessing } from '../../src/core/preprocessing.ts';
import type { Scorer } from '../../src/engine/engine.ts';
import { openScorer } from '../../src/engine/ort/openScorer.ts';
import { readScoredModel } from '../../src/jobs/model.ts';
import type { ScoringOptions } from '../../src/onnx/scoreGraph.ts';
import { float32Of, readSafetensors } from './readSafetensors.ts';
import { length, steps, tokensOf, vocabulary } from './values.ts';

// Classifiers as others leave them (tools/makeForeignFixtures.py), scored to the losses of NumPy or PyTorch.

const folder = new URL('fixtures/foreign/', import.meta.url);
const arrays = readSafetensors(new URL('losses.safetensors.gz', folder));

const count = 7;
const dims = [2, 5, 4];
const size = 40;

/** The images of tools/makeForeignFixtures.py. */
function images(): Batch {
  const data = Uint8Array.from({ length: count * size }, (_, i) => Math.imul(i, 2654435761) >>> 24);
  const labels = Int32Array.from({ length: count }, (_, i) => (i * 2) % 3);
  return { inputs: [{ dtype: 'uint8', dims: [count, ...dims], data }], labels };
}

const unit: Preprocessing = { kind: 'standardize', scale: 1 / 255, mean: [0, 0], std: [1, 1] };
const raw: Preprocessing = { kind: 'none' };

const opened: Scorer[] = [];
afterAll(() => Promise.all(opened.map((scorer) => scorer.close())));

async function open(name: string, options: Partial<ScoringOptions> = {}): Promise<Scorer> {
  const { graph } = await readScoredModel(fileURLToPath(new URL(`${name}.onnx`, folder)));
  const scorer = await openScorer(graph, {
    name: `${name}.onnx`,
    stored: [{ dtype: 'uint8', dims }],
    preprocessing: unit,
    classes: 3,
    outputs: ['loss', 'predicted', 'margin', 'gradientNorm'],
    device: 'cpu',
    threads: 1,
    ...options,
  });
  opened.push(scorer);
  return scorer;
}

describe('losses are those of the model in NumPy or PyTorch', () => {
  test.each<[string, Partial<ScoringOptions>, number]>([
    ['nhwc', {}, 1e-5],
    ['half', {}, 5e-3],
    ['bytes', { preprocessing: raw }, 1e-5],
    ['double', {}, 1e-5],
    ['softmax', {}, 1e-5],
    ['written-out', {}, 1e-5],
    ['argmax', { logits: 'scores' }, 1e-5],
    ['weights-first', {}, 1e-5],
    ['fixed', {}, 1e-5],
    ['dynamic-int8', {}, 1e-5],
    ['qdq', {}, 1e-5],
    ['lstm', {}, 1e-5],
    ['branch', {}, 1e-5],
    ['function', {}, 1e-5],
    ['two-outputs', {}, 1e-5],
    ['undeclared', {}, 1e-5],
    ['external', {}, 1e-5],
    ['conv-only', {}, 1e-5],
    ['with-loss', {}, 1e-5],
    ['contrib', {}, 1e-5],
    ['table', { logits: 'scores' }, 1e-5],
    ['older', {}, 1e-5],
  ])('%s %o', async (name, options, rtol) => {
    const scorer = await open(name, options);
    const { loss, predicted, margin } = await scorer.score(images());
    expect(loss).toBeAllClose(float32Of(arrays, name).data, { rtol, atol: rtol });
    expect(predicted.length).toBe(count);
    const { labels } = images();
    predicted.forEach((label, i) => {
      expect(label === labels[i]).toBe(margin![i]! > 0);
    });
  });

  test('one logit behind a Sigmoid is that of the second of two classes', async () => {
    const scorer = await open('sigmoid', { classes: 2 });
    const batch = images();
    const { loss } = await scorer.score({ ...batch, labels: batch.labels.map((label) => label % 2) });
    expect(loss).toBeAllClose(float32Of(arrays, 'sigmoid').data, { rtol: 1e-5, atol: 1e-6 });
  });

  test('the last run of a model for batches of 3 is filled up, whatever is left over', async () => {
    const scorer = await open('fixed');
    const expected = float32Of(arrays, 'fixed').data;
    for (const length of [1, 2, 3, 4]) {
      const { inputs, labels } = images();
      const [input] = inputs;
      const part: Batch = {
        inputs: [{ ...input!, dims: [length, ...dims], data: input!.data.slice(0, length * size) }],
        labels: labels.slice(0, length),
      };
      const { loss } = await scorer.score(part);
      expect(loss).toBeAllClose(expected.slice(0, length), { rtol: 1e-5, atol: 1e-6 });
    }
  });
});

test('an export for batches of 4 that cannot be freed of that is scored in fours', async () => {
  const exported = new URL('fixtures/exports/', import.meta.url);
  const name = 'encoder-default-opset17-fixed.onnx';
  const { graph } = await readScoredModel(fileURLToPath(new URL(name, exported)));
  const scorer = await openScorer(graph, {
    name,
    stored: [{ dtype: 'int32', dims: [length] }],
    preprocessing: { kind: 'tokens', tokenizer: 'test', vocabulary, padding: 0 },
    outputs: ['loss'],
    device: 'cpu',
    threads: 1,
  });
  opened.push(scorer);
  const { loss } = await scorer.score(tokensOf(steps));
  const arrays = readSafetensors(new URL('steps.safetensors.gz', exported));
  expect(loss).toBeAllClose(float32Of(arrays, 'encoder.default.exampleLosses').data, { rtol: 1e-4, atol: 1e-6 });
});

describe('a model that cannot be scored is refused', () => {
  test.each<[string, string, Partial<ScoringOptions>, 'data' | 'usage', RegExp]>([
    [
      'gives labels',
      'argmax',
      {},
      'data',
      /^Cannot use "argmax.onnx" as a classifier: it gives the label .* --logits "scores"/,
    ],
    [
      'has no value of that name',
      'argmax',
      { logits: 'score' },
      'usage',
      /^Cannot find --logits "score" in "argmax.onnx": it computes no value of that name, expected one such as "scores"/,
    ],
    [
      'takes bytes where fractions are made',
      'bytes',
      {},
      'data',
      /its input "input" takes uint8, the preprocessing of the data gives fractions; pass --preprocessing raw/,
    ],
    ['knows two classes', 'sigmoid', {}, 'data', /it knows 2 classes, the data have 3$/],
    [
      'takes channels first where --layout says last',
      'conv-only',
      { layout: 'nhwc' },
      'data',
      /^Cannot feed "conv-only.onnx": an example of the data is \[2, 5, 4\], the input "input" expects \[2, 5, 4\]; leave --layout away/,
    ],
    [
      'gives labels and maps',
      'table',
      {},
      'data',
      /^Cannot use "table.onnx" as a classifier: "label" by LinearClassifier \(node "label"\) holds labels or probabilities, expected logits \[batch, classes\]; export it with raw scores, and name them with --logits$/,
    ],
  ])('%s', async (_, name, options, kind, message) => {
    await expect(open(name, options)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
  });

  test('features are not taken for logits of which nothing is known', async () => {
    await expect(open('undeclared', { logits: 'wide' })).rejects.toThrow(
      /^Cannot use "undeclared.onnx" as a classifier: "wide" is float32 \[.*5, 8\], expected float32 logits/,
    );
  });
});
