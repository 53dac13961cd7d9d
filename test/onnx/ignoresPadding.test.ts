import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { bert, bertBase } from '../../src/architectures/bert.ts';
import { float32, int64, type Tensor } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { freeBatch } from '../../src/onnx/freeBatch.ts';
import { type Graph, int } from '../../src/onnx/graph.ts';
import { ignoresPadding } from '../../src/onnx/ignoresPadding.ts';
import { labelsInput } from '../../src/onnx/lossHead.ts';
import { inEvalForm, readModel } from '../../src/onnx/model.ts';
import { int8Graph } from '../../src/onnx/quantised/int8.ts';
import { scoreGraph } from '../../src/onnx/scoreGraph.ts';
import { elementTypeOf } from '../../src/onnx/tensorProto.ts';
import { anyLength, tokensInput } from '../../src/onnx/tokens.ts';
import { uniform } from './models.ts';
import { runGraph } from './runGraph.ts';

const vocabulary = 40;
const preprocessing = { kind: 'tokens', tokenizer: 'none', vocabulary, padding: 0 } as const;
const optionsFor = (length: number) =>
  ({ name: 'model', stored: [{ dtype: 'int32', dims: [length] }], preprocessing, outputs: ['loss'] }) as const;
const ignores = (graph: Graph, length: number) => ignoresPadding(graph, optionsFor(length));

/** The largest difference of losses with and without the padding of texts of 5 tokens at most. */
async function difference(graph: Graph, length: number, to = (graph: Graph) => graph): Promise<number> {
  const options = optionsFor(length);
  const texts = [[3, 1, 4, 1, 5], [9], [2, 6], [0, 5, 3]];
  const losses = async (graph: Graph, size: number) => {
    const data = Int32Array.from(texts.flatMap((ids) => Array.from({ length: size }, (_, i) => ids[i] ?? 0)));
    const ids: Tensor = { dtype: 'int32', dims: [texts.length, size], data };
    const labels: Tensor = { dtype: 'int32', dims: [texts.length], data: Int32Array.of(0, 1, 1, 0) };
    return (await runGraph(to(graph), { [tokensInput]: ids, [labelsInput]: labels })).loss!.data as Float32Array;
  };
  const whole = await losses(scoreGraph(graph, options), length);
  const cut = await losses(scoreGraph(graph, { ...options, anyLength: true }), 5);
  return Math.max(...whole.map((loss, i) => Math.abs(loss - cut[i]!)));
}

function readFixture(name: string): Graph {
  const file = new URL(`../parity/fixtures/exports/${name}.onnx`, import.meta.url);
  return freeBatch(readModel(inEvalForm(readFileSync(file), name), name), name);
}

/** The same for batches of four. */
function ofFour(graph: Graph): Graph {
  return { ...graph, inputs: graph.inputs.map((input) => ({ ...input, dims: [4, ...input.dims.slice(1)] })) };
}

/** A model on texts of 16 tokens, whose embeddings [batch, tokens, 4] and mask, as float32, `write` makes logits of. */
function modelOf(
  write: (b: GraphBuilder, words: string, mask: string) => string,
  inputs = ['input_ids', 'attention_mask'],
): Graph {
  const b = new GraphBuilder('model');
  for (const name of inputs) b.input({ name, dtype: 'int64', dims: ['batch', 16] });
  const words = b.node('Gather', [b.weight('words', uniform(1, [vocabulary, 4])), 'input_ids']);
  const mask = b.node('Cast', [inputs.includes('attention_mask') ? 'attention_mask' : 'input_ids'], {
    to: int(elementTypeOf('float32')),
  });
  b.output(b.node('MatMul', [write(b, words, mask), b.weight('classes', uniform(2, [4, 2]))]), 'logits');
  return b.build();
}

const column = (b: GraphBuilder, mask: string) => b.node('Unsqueeze', [mask, b.int64([-1])]);
const sum = (b: GraphBuilder, x: string) => b.node('ReduceSum', [x, b.int64([1])], { keepdims: int(0) });

/** Attention of one head to what the mask lets through. */
function attention(b: GraphBuilder, words: string, mask: string): string {
  const scores = b.node('MatMul', [words, b.node('Transpose', [words], { perm: { kind: 'ints', value: [0, 2, 1] } })]);
  const absent = b.node('Mul', [b.node('Sub', [b.scalar(1), mask]), b.scalar(-1e9)]);
  const masked = b.node('Add', [scores, b.node('Unsqueeze', [absent, b.int64([1])])]);
  return b.node('MatMul', [b.node('Softmax', [masked], { axis: int(-1) }), words]);
}

const first = (b: GraphBuilder, x: string) => b.node('Gather', [x, b.constant(int64([0], []))], { axis: int(1) });

describe('padding is left out', () => {
  const texts = { inputDims: [16], classes: 3, seed: 2, preprocessing };
  const size = { ...bertBase, width: 32, layers: 1, heads: 2, feedForward: 64, positions: 20 };
  const masked = (b: GraphBuilder, words: string, mask: string) => {
    const wide = b.node('Expand', [column(b, mask), b.node('Shape', [words])]);
    const count = b.node('Clip', [sum(b, wide), b.scalar(1e-9)]);
    return b.node('Div', [sum(b, b.node('Mul', [attention(b, words, mask), wide])), count]);
  };

  test.each<[string, Graph, number]>([
    ['transformer:1x32', buildArchitecture('transformer:1x32', texts), 16],
    ['a small bert with kinds of tokens', bert({ ...texts, vocabulary, size: { ...size, tokenTypes: true } }), 16],
    ['an export with shapes that are computed', readFixture('bert-default-opset17-dynamic'), 12],
    ['an export in opset 13', readFixture('bert-training-opset13-dynamic'), 12],
    ['attention of the first token', modelOf((b, words, mask) => first(b, attention(b, words, mask))), 16],
    ['a mean over what the mask lets through', modelOf(masked), 16],
    [
      'a model that is given positions',
      modelOf(
        (b, words, mask) => {
          const places = b.node('Gather', [b.weight('places', uniform(5, [16, 4])), 'position_ids']);
          return first(b, attention(b, b.node('Add', [words, places]), mask));
        },
        ['input_ids', 'attention_mask', 'position_ids'],
      ),
      16,
    ],
  ])('by %s, and the losses stay', async (_, graph, length) => {
    expect(ignores(graph, length)).toBe(true);
    expect(await difference(graph, length)).toBeLessThan(1e-5);
  });
});

describe('padding stays', () => {
  test.each<[string, Graph, number]>([
    ['without a mask', modelOf((b, words) => first(b, words), ['input_ids']), 16],
    ['where an export has the length in its shapes', readFixture('bert-default-opset17-fixed'), 12],
    ['where the batch is fixed', ofFour(readFixture('bert-default-opset17-dynamic')), 12],
    [
      'where a table of positions has one length',
      modelOf((b, words, mask) =>
        first(b, attention(b, b.node('Add', [words, b.weight('places', uniform(5, [1, 16, 4]))]), mask)),
      ),
      16,
    ],
    [
      'where the mean is over all tokens',
      modelOf((b, words, mask) =>
        b.node('ReduceMean', [attention(b, words, mask)], { axes: { kind: 'ints', value: [1] }, keepdims: int(0) }),
      ),
      16,
    ],
    ['where the sum is over all tokens', modelOf((b, words, mask) => sum(b, attention(b, words, mask))), 16],
    [
      'where the last token counts',
      modelOf((b, words, mask) =>
        b.node('Gather', [attention(b, words, mask), b.constant(int64([-1], []))], { axis: int(1) }),
      ),
      16,
    ],
    [
      'where neighbours are brought together',
      modelOf((b, words, mask) => {
        const turned = b.node('Transpose', [attention(b, words, mask)], { perm: { kind: 'ints', value: [0, 2, 1] } });
        const window = b.weight('window', float32(new Float32Array(4 * 4 * 3).fill(0.1), [4, 4, 3]));
        const pads = { pads: { kind: 'ints', value: [1, 1] }, kernel_shape: { kind: 'ints', value: [3] } } as const;
        const wide = b.node('Conv', [turned, window], pads);
        return b.node('Gather', [wide, b.constant(int64([0], []))], { axis: int(2) });
      }),
      16,
    ],
  ])('%s', (_, graph, length) => {
    expect(ignores(graph, length)).toBe(false);
  });

  test('where the data are no texts', () => {
    const stored = [{ dtype: 'float32', dims: [16] }] as const;
    const mlp = buildArchitecture('mlp:8', { inputDims: [16], classes: 2, seed: 0 });
    expect(ignoresPadding(mlp, { name: 'mlp', stored, preprocessing: { kind: 'none' } })).toBe(false);
  });

  test('where an operator is not known here', () => {
    const graph = modelOf((b, words, mask) => first(b, attention(b, words, mask)));
    const nodes = graph.nodes.map((node) => (node.op === 'Softmax' ? { ...node, op: 'Sparsemax' } : node));
    expect(ignores({ ...graph, nodes }, 16)).toBe(false);
  });
});

test('a graph of any length has a name for it, and the products of an export are still in 8 bits', async () => {
  const graph = readFixture('bert-default-opset17-dynamic');
  const dims = scoreGraph(graph, { ...optionsFor(12), anyLength: true }).inputs[0]!.dims;
  expect(dims).toEqual(['batch', anyLength]);
  const wide = modelOf((b, words, mask) => {
    const middle = b.node('MatMul', [attention(b, words, mask), b.weight('widen', uniform(6, [4, 128]))]);
    const mixed = b.node('MatMul', [middle, b.weight('mix', uniform(7, [128, 128]))]);
    return first(b, b.node('MatMul', [mixed, b.weight('narrow', uniform(8, [128, 4]))]));
  });
  expect(ignores(wide, 16)).toBe(true);
  const inEightBits = (graph: Graph) => int8Graph(graph, 'wide');
  const quantised = inEightBits(scoreGraph(wide, { ...optionsFor(16), anyLength: true }));
  expect(quantised.nodes.filter(({ op }) => op === 'MatMulIntegerToFloat')).toHaveLength(1);
  expect(await difference(wide, 16, inEightBits)).toBeLessThan(1e-5);
});
