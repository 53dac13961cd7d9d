import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import type { Batch } from '../../src/core/batch.ts';
import { randomStream } from '../../src/core/random.ts';
import { openRefreshedScorer, openScorer } from '../../src/engine/ort/openScorer.ts';
import { openTrainer } from '../../src/engine/ort/openTrainer.ts';
import { scoreInRuns } from '../../src/engine/scoreInRuns.ts';
import { withoutPadding } from '../../src/engine/withoutPadding.ts';
import { labelsInput } from '../../src/onnx/lossHead.ts';
import { scoreGraph } from '../../src/onnx/scoreGraph.ts';
import { tokensInput } from '../../src/onnx/tokens.ts';
import { runGraph } from '../onnx/runGraph.ts';

const padding = 7;
const size = 20;

/** Texts of one size, filled up with the padding id; the labels count them. */
function batchOf(texts: readonly (readonly number[])[]): Batch {
  const data = new Int32Array(texts.length * size).fill(padding);
  texts.forEach((ids, i) => {
    data.set(ids, i * size);
  });
  return { inputs: [{ dtype: 'int32', dims: [texts.length, size], data }], labels: Int32Array.from(texts.keys()) };
}

const runsOf = (batch: Batch, tokensPerRun = 1000, mostPerRun = 100) =>
  [...withoutPadding(batch, { padding, tokensPerRun, mostPerRun })].map(({ positions, part }) => ({
    positions,
    dims: part.inputs[0]!.dims,
    data: part.inputs[0]!.data,
  }));

describe('texts without their padding', () => {
  const text = (length: number) => new Array<number>(length).fill(1);

  test('are cut to a multiple of 8, no further than their size, and run together where that is the same', () => {
    const runs = runsOf(batchOf([8, 1, 17, 9, 20, 16].map(text)));
    expect(runs.map(({ positions, dims }) => [positions, dims])).toEqual([
      [
        [0, 1],
        [2, 8],
      ],
      [
        [3, 5],
        [2, 16],
      ],
      [
        [2, 4],
        [2, 20],
      ],
    ]);
  });

  test('keep padding that stands inside them', () => {
    const [run] = runsOf(batchOf([[padding, padding, 1, padding, padding, padding, padding, padding, padding, 2]]));
    expect([...run!.data]).toEqual([7, 7, 1, 7, 7, 7, 7, 7, 7, 2, 7, 7, 7, 7, 7, 7]);
  });

  test('are as long as they were where there is nothing else', () => {
    expect(runsOf(batchOf([[]])).map(({ dims }) => dims)).toEqual([[1, 20]]);
  });

  test('of int64 are cut as well', () => {
    const data = BigInt64Array.from({ length: size }, (_, i) => (i < 3 ? 5n : BigInt(padding)));
    const batch: Batch = { inputs: [{ dtype: 'int64', dims: [1, size], data }], labels: Int32Array.of(0) };
    expect(runsOf(batch)[0]!.data).toEqual(data.subarray(0, 8));
  });

  test('share a run as far as its tokens and its number of texts reach, and one text always has a run', () => {
    const numbers = (tokens: number, most: number) =>
      runsOf(batchOf([4, 4, 4, 12, 12].map(text)), tokens, most).map(({ positions }) => positions.length);
    expect(numbers(16, 100)).toEqual([2, 1, 1, 1]);
    expect(numbers(1, 100)).toEqual([1, 1, 1, 1, 1]);
    expect(numbers(1000, 1)).toEqual([1, 1, 1, 1, 1]);
  });
});

const anyTexts = fc.array(fc.array(fc.nat({ max: 9 }), { maxLength: size }), { maxLength: 40 });

test('results come in the order of the batch, each from a run that has all of its text', () =>
  fc.assert(
    fc.asyncProperty(anyTexts, fc.integer({ min: 1, max: 80 }), async (texts, tokensPerRun) => {
      const batch = batchOf(texts);
      const cut = { padding, tokensPerRun, mostPerRun: 5 };
      const sums = (part: Batch) => {
        const [{ dims, data }] = part.inputs as [Batch['inputs'][number]];
        return Float32Array.from(part.labels, (_, i) =>
          (data as Int32Array)
            .subarray(i * dims[1]!, (i + 1) * dims[1]!)
            .reduce((sum, id, place) => sum + (id - padding) * (place + 1), 0),
        );
      };
      const { loss, predicted } = await scoreInRuns(
        batch,
        ['loss', 'predicted'],
        { examplesPerRun: 3, cut },
        async (part) => [sums(part), part.labels],
      );
      expect(loss).toEqual(sums(batch));
      expect(predicted).toEqual(batch.labels);
    }),
  ));

test('what a text is cut to does not depend on the texts beside it', () =>
  fc.assert(
    fc.property(anyTexts, (texts) => {
      const lengths = new Map(
        runsOf(batchOf(texts)).flatMap(({ positions, dims }) => positions.map((position) => [position, dims[1]])),
      );
      texts.forEach((ids, position) => {
        expect(runsOf(batchOf([ids]))[0]!.dims[1]).toBe(lengths.get(position));
      });
    }),
  ));

describe('a transformer scores texts without their padding as it does with it', () => {
  const vocabulary = 300;
  const preprocessing = { kind: 'tokens', tokenizer: 'none', vocabulary, padding } as const;
  const stored = [{ dtype: 'int32', dims: [64] }] as const;
  const feed = { name: 'texts', stored, preprocessing, classes: 3, outputs: ['loss', 'predicted'] } as const;
  const options = { ...feed, device: 'cpu', threads: 1 } as const;
  const model = buildArchitecture('transformer:2x64', { inputDims: [64], classes: 3, seed: 1, preprocessing });
  const weights = [...model.weights].map(([name, tensor]) =>
    tensor.dims.length === 2 && name.endsWith('dense.weight')
      ? ([name, { ...tensor, data: (tensor.data as Float32Array).map((value) => 5 * value) }] as const)
      : ([name, tensor] as const),
  );
  const graph = { ...model, weights: new Map(weights) };

  /** Texts most of which are short, some with padding inside, one without a token. */
  function texts(): Batch {
    const random = randomStream(3, 'texts');
    const count = 60;
    const data = new Int32Array(count * 64).fill(padding);
    for (let i = 1; i < count; i++) {
      const length = 1 + random.below(random.below(2) === 0 ? 16 : 64);
      for (let place = 0; place < length; place++) data[i * 64 + place] = random.below(vocabulary);
      if (i % 5 === 0) data.fill(padding, i * 64, i * 64 + Math.floor(length / 2));
    }
    const labels = Int32Array.from({ length: count }, () => random.below(3));
    return { inputs: [{ dtype: 'int32', dims: [count, 64], data }], labels };
  }

  const whole = async () => {
    const { inputs, labels } = texts();
    const fed = { [tokensInput]: inputs[0]!, [labelsInput]: { dtype: 'int32', dims: [60], data: labels } as const };
    const { loss, predicted } = await runGraph(scoreGraph(graph, feed), fed);
    return { loss: loss!.data as Float32Array, predicted: predicted!.data as Int32Array };
  };

  const scorers = {
    alone: () => openScorer(graph, options),
    'in fp16': () => openScorer(graph, { ...options, precision: 'fp16' }),
    'in int8': () => openScorer(graph, { ...options, precision: 'int8' }),
    'as it is trained': () => openTrainer(graph, { ...options, smallBatch: 4, seed: 0 }),
    'with weights that were sent': async () => {
      const scorer = await openRefreshedScorer(graph, options, new Set(graph.weights.keys()));
      const sent = [...graph.weights].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]);
      await scorer.setWeights(Object.fromEntries(sent));
      return scorer;
    },
  };
  const tolerance: Readonly<Record<string, number>> = { 'in fp16': 1e-2, 'in int8': 0.1 };

  test.each(Object.entries(scorers))('%s', async (name, open) => {
    const expected = await whole();
    const scorer = await open();
    try {
      const { loss, predicted } = await scorer.score(texts());
      expect(loss).toBeAllClose(expected.loss, { rtol: 0, atol: tolerance[name] ?? 1e-5 });
      if (tolerance[name] === undefined) expect(predicted).toEqual(expected.predicted);
    } finally {
      await scorer.close();
    }
  });
});
