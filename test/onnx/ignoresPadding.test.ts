import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../src/architectures/architecture.ts';
import { bert, bertBase } from '../../src/architectures/bert.ts';
import { float32, int64 } from '../../src/core/tensor.ts';
import type { GraphBuilder } from '../../src/onnx/builder.ts';
import { findClassifier } from '../../src/onnx/classifier.ts';
import { freeBatch } from '../../src/onnx/freeBatch.ts';
import { type Graph, int, ints } from '../../src/onnx/graph.ts';
import { ignoresPadding } from '../../src/onnx/ignoresPadding.ts';
import { inEvalForm, readModel } from '../../src/onnx/model.ts';
import { int8Graph } from '../../src/onnx/quantised/int8.ts';
import { scoreGraph } from '../../src/onnx/scoreGraph.ts';
import { elementTypeOf } from '../../src/onnx/tensorProto.ts';
import { anyLength } from '../../src/onnx/tokens.ts';
import { trainableParameters } from '../../src/onnx/trainable.ts';
import { uniform } from './models.ts';
import {
  asFloat,
  attended,
  attention,
  column,
  difference,
  first,
  hiding,
  ignores,
  lengthOf,
  modelOf,
  optionsFor,
  preprocessing,
  scores,
  sum,
  turned,
  vocabulary,
} from './textModels.ts';

function readFixture(name: string): Graph {
  const file = new URL(`../parity/fixtures/exports/${name}.onnx`, import.meta.url);
  return freeBatch(readModel(inEvalForm(readFileSync(file), name), name), name);
}

/** PyTorch's own encoder layers, of which the first token is classified instead of a mean over all. */
function firstOf(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) =>
    node.op === 'ReduceMean' && node === graph.nodes.at(-2)
      ? { ...node, op: 'Gather', inputs: [node.inputs[0]!, 'first'], attributes: { axis: int(1) } }
      : node,
  );
  return { ...graph, nodes, weights: new Map([...graph.weights, ['first', int64([0], [])]]) };
}

/** The same for batches of four. */
function ofFour(graph: Graph): Graph {
  return { ...graph, inputs: graph.inputs.map((input) => ({ ...input, dims: [4, ...input.dims.slice(1)] })) };
}

/** `x` [batch, tokens, tokens], with `value` at padding. */
function filled(b: GraphBuilder, x: string, mask: string, value: number): string {
  const present = b.node('Unsqueeze', [b.node('Cast', [mask], { to: int(elementTypeOf('bool')) }), b.int64([1])]);
  return b.node('Where', [present, x, b.scalar(value)]);
}

const masked = (b: GraphBuilder, words: string, mask: string) => b.node('Mul', [words, column(b, mask)]);
const absent = (b: GraphBuilder, mask: string) => b.node('Sub', [b.scalar(1), mask]);
const mean = (b: GraphBuilder, x: string, axis = 1) =>
  b.node('ReduceMean', [x], { axes: ints([axis]), keepdims: int(0) });

type Writers = Readonly<Record<string, (b: GraphBuilder, words: string, mask: string) => string>>;

/** Models whose losses change with padding, most of them by one operator only. */
const wrong: Writers = {
  'a masked sum is divided by the length': (b, words, mask) =>
    b.node('Div', [sum(b, masked(b, words, mask)), asFloat(b, lengthOf(b, words))]),
  'what the mask lets through is averaged over all tokens': (b, words, mask) => mean(b, masked(b, words, mask)),
  'an average is computed with reciprocals of the length': (b, words, mask) =>
    b.node('Mul', [sum(b, masked(b, words, mask)), b.node('Reciprocal', [asFloat(b, lengthOf(b, words))])]),
  'attention pools tokens without the mask': (b, words) => {
    const weighed = b.node('MatMul', [words, b.weight('query', uniform(4, [4, 1]))]);
    return b.node('Squeeze', [attended(b, turned(b, weighed), words), b.int64([1])]);
  },
  'tokens are multiplied with each other': (b, words) => first(b, b.node('MatMul', [turned(b, words), words])),
  'attention sees all': (b, words) => first(b, attended(b, scores(b, words), words)),
  'the sum is over what the mask takes away': (b, words, mask) => sum(b, masked(b, words, absent(b, mask))),
  'the sum is over what is equal to 0 in the mask': (b, words, mask) =>
    sum(b, masked(b, words, asFloat(b, b.node('Equal', [mask, b.scalar(0)])))),
  'the sum is over what is not in the mask': (b, words, mask) => {
    const isPresent = b.node('Cast', [mask], { to: int(elementTypeOf('bool')) });
    return sum(b, masked(b, words, asFloat(b, b.node('Not', [isPresent]))));
  },
  'the sum is over what is chosen where the mask is 0': (b, words, mask) => {
    const isPresent = b.node('Cast', [column(b, mask)], { to: int(elementTypeOf('bool')) });
    return sum(b, b.node('Where', [isPresent, b.scalar(0), words]));
  },
  'a mask that is half a 1 more counts padding': (b, words, mask) =>
    sum(b, masked(b, words, b.node('Add', [mask, b.scalar(0.5)]))),
  'padding that is counted divides': (b, words, mask) => {
    const count = b.node('Add', [sum(b, absent(b, mask)), b.scalar(1)]);
    return b.node('Div', [first(b, words), column(b, count)]);
  },
  'attention hides the tokens and sees padding': (b, words, mask) =>
    first(b, attended(b, b.node('Add', [scores(b, words), hiding(b, absent(b, mask))]), words)),
  'attention hides padding a little': (b, words, mask) =>
    first(b, attended(b, b.node('Add', [scores(b, words), hiding(b, mask, -5)]), words)),
  'what hides padding is made small again': (b, words, mask) => {
    const hidden = b.node('Mul', [b.node('Add', [scores(b, words), hiding(b, mask)]), b.scalar(1e-9)]);
    return first(b, attended(b, hidden, words));
  },
  'scores multiplied by the mask are 0 at padding': (b, words, mask) =>
    first(b, attended(b, b.node('Mul', [scores(b, words), b.node('Unsqueeze', [mask, b.int64([1])])]), words)),
  'attention is normalised over the tokens that look': (b, words, mask) => {
    const weights = b.node('Softmax', [b.node('Add', [scores(b, words), hiding(b, mask)])], { axis: int(1) });
    return first(b, b.node('MatMul', [weights, words]));
  },
  'tokens that look are hidden instead of those that are seen': (b, words, mask) =>
    first(b, attended(b, b.node('Add', [scores(b, words), turned(b, hiding(b, mask))]), words)),
  'a filled-in mask of which all may be hidden': (b, words, mask) => {
    const isPresent = b.node('Unsqueeze', [b.node('Cast', [mask], { to: int(9) }), b.int64([1])]);
    const both = b.node('And', [isPresent, b.node('Greater', [scores(b, words), b.scalar(0.5)])]);
    return first(b, attended(b, b.node('Where', [both, scores(b, words), b.scalar(-1e9)]), words));
  },
  'a constant is added after the mask': (b, words, mask) =>
    sum(b, b.node('Add', [masked(b, words, mask), b.weight('bias', uniform(4, [4]))])),
  'exponentials make 1 of masked values': (b, words, mask) => sum(b, b.node('Exp', [masked(b, words, mask)])),
  'masked values are divided by the mask': (b, words, mask) =>
    sum(b, masked(b, b.node('Div', [words, column(b, mask)]), mask)),
  'the largest of all tokens counts': (b, words) => b.node('ReduceMax', [words], { axes: ints([1]), keepdims: int(0) }),
  'the place of the largest counts': (b, words) =>
    asFloat(b, b.node('ArgMax', [words], { axis: int(1), keepdims: int(0) })),
  'the last token is cut out': (b, words) => {
    const last = b.node('Slice', [words, b.int64([-1]), b.int64([2 ** 31 - 1]), b.int64([1])]);
    return b.node('Squeeze', [last, b.int64([1])]);
  },
  'the token at the end of the shape counts': (b, words) =>
    b.node('Gather', [words, b.node('Sub', [lengthOf(b, words), b.constant(int64([1], []))])], { axis: int(1) }),
  'the token in the middle counts': (b, words) =>
    b.node('Gather', [words, b.node('Div', [lengthOf(b, words), b.constant(int64([2], []))])], { axis: int(1) }),
  'tokens and their numbers change places without being turned': (b, words) => {
    const shape = b.node('Shape', [words]);
    const turnedShape = b.node('Gather', [shape, b.int64([0, 2, 1])]);
    return b.node('Slice', [
      mean(b, b.node('Reshape', [words, turnedShape]), 2),
      b.int64([0]),
      b.int64([4]),
      b.int64([1]),
    ]);
  },
  'positions are counted from the back': (b, words, mask) => {
    const range = b.node('Range', [b.constant(int64([0], [])), lengthOf(b, words), b.constant(int64([1], []))]);
    const back = b.node('Sub', [b.node('Sub', [lengthOf(b, words), b.constant(int64([1], []))]), range]);
    const places = b.node('Gather', [b.weight('places', uniform(5, [16, 4])), back]);
    return first(b, attention(b, b.node('Add', [words, places]), mask));
  },
  'a running sum comes from the back': (b, words) =>
    first(b, b.node('CumSum', [words, b.constant(int64([1], []))], { reverse: int(1) })),
  'the last of a running sum counts': (b, words) =>
    b.node('Gather', [b.node('CumSum', [words, b.constant(int64([1], []))]), b.constant(int64([-1], []))], {
      axis: int(1),
    }),
  'each token is compared with the mean of all': (b, words) =>
    first(b, b.node('Sub', [words, b.node('ReduceMean', [words], { axes: ints([1]) })])),
  'ones for all tokens are summed up': (b, words) => {
    const shape = b.node('Shape', [words]);
    const one = { kind: 'tensor', value: float32([1]) } as const;
    return sum(b, b.node('ConstantOfShape', [shape], { value: one }));
  },
  'a number is spread over all tokens and summed up': (b, words) =>
    sum(b, b.node('Expand', [b.weight('bias', uniform(4, [4])), b.node('Shape', [words])])),
  'the length is computed with': (b, words) => b.node('Mul', [first(b, words), asFloat(b, lengthOf(b, words))]),
};

/** Models that mix texts, or whose losses change with other texts or weights, or that other lengths cannot be given to. */
const doubtful: Writers = {
  'tokens are put in pairs': (b, words, mask) => {
    const pairs = b.node('Reshape', [attention(b, words, mask), b.int64([0, -1, 8])]);
    return first(b, b.node('MatMul', [pairs, b.weight('pairs', uniform(4, [8, 4]))]));
  },
  'texts of a batch are added up': (b, words, mask) =>
    b.node('Add', [first(b, words), b.node('ReduceSum', [first(b, attention(b, words, mask)), b.int64([0])])]),
  'the first text of a batch counts for all': (b, words) =>
    b.node('Add', [first(b, words), b.node('Gather', [first(b, words), b.int64([0])], { axis: int(0) })]),
  'the size of the batch is computed with': (b, words) => {
    const size = b.node('Gather', [b.node('Shape', [words]), b.constant(int64([0], []))]);
    return b.node('Mul', [first(b, words), asFloat(b, size)]);
  },
  'tokens of all texts are one list': (b, words, mask) => {
    const rows = b.node('Reshape', [masked(b, words, mask), b.int64([-1, 4])]);
    return b.node('Add', [first(b, words), b.node('ReduceSum', [rows, b.int64([0])], { keepdims: int(1) })]);
  },
  'a weight is so large that it hides what the mask does not': (b, words, mask) => {
    const far = b.weight('far', float32([-1e9], [1]));
    const hidden = b.node('Add', [b.node('Add', [scores(b, words), far]), hiding(b, mask)]);
    return first(b, attended(b, hidden, words));
  },
  'a second token is looked up, which a text may not have': (b, words) =>
    b.node('Gather', [words, b.constant(int64([1], []))], { axis: int(1) }),
  'the mask is put in front of another list': (b, words, mask) => {
    const start = b.node('Slice', [words, b.int64([0]), b.int64([1]), b.int64([1])]);
    return sum(
      b,
      masked(
        b,
        b.node('Slice', [
          b.node('Concat', [start, words], { axis: int(1) }),
          b.int64([0]),
          b.node('Shape', [words], { start: int(1), end: int(2) }),
          b.int64([1]),
        ]),
        mask,
      ),
    );
  },
};

describe('padding is left out', () => {
  const texts = { inputDims: [16], classes: 3, seed: 2, preprocessing };
  const size = { ...bertBase, width: 32, layers: 1, heads: 2, feedForward: 64, positions: 20 };
  const average = (b: GraphBuilder, words: string, mask: string) => {
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
    ['a mean over what the mask lets through', modelOf(average), 16],
    ["PyTorch's encoder layers", firstOf(readFixture('encoder-default-opset17-dynamic')), 12],
    ["PyTorch's encoder layers in training form", firstOf(readFixture('encoder-training-opset13-dynamic')), 12],
    [
      'attention whose scores are filled in at padding',
      modelOf((b, words, mask) => first(b, attended(b, filled(b, scores(b, words), mask, -3e38), words))),
      16,
    ],
    [
      'attention whose scores are infinitely low at padding',
      modelOf((b, words, mask) => first(b, attended(b, filled(b, scores(b, words), mask, -Infinity), words))),
      16,
    ],
    [
      'attention from whose scores much is taken at padding',
      modelOf((b, words, mask) =>
        first(b, attended(b, b.node('Sub', [scores(b, words), hiding(b, mask, 1e9)]), words)),
      ),
      16,
    ],
    [
      'a sum over values that are 0 at padding after other operators that keep that',
      modelOf((b, words, mask) => sum(b, b.node('Tanh', [b.node('Mul', [words, column(b, mask)])]))),
      16,
    ],
    [
      'the largest of values that are far down at padding',
      modelOf((b, words, mask) =>
        b.node('ReduceMax', [b.node('Add', [words, turned(b, hiding(b, mask))])], {
          axes: ints([1]),
          keepdims: int(0),
        }),
      ),
      16,
    ],
    [
      'attention that pools tokens by the mask',
      modelOf((b, words, mask) => {
        const weighed = b.node('MatMul', [words, b.weight('query', uniform(4, [4, 1]))]);
        const hidden = b.node('Add', [turned(b, weighed), hiding(b, mask)]);
        return b.node('Squeeze', [attended(b, hidden, words), b.int64([1])]);
      }),
      16,
    ],
    [
      'positions that are counted by the mask',
      modelOf((b, words, mask) => {
        const places = b.node('Cast', [b.node('CumSum', [mask, b.constant(int64([1], []))])], { to: int(7) });
        const table = b.node('Gather', [b.weight('places', uniform(5, [17, 4])), places]);
        return first(b, attention(b, b.node('Add', [words, table]), mask));
      }),
      16,
    ],
    [
      'normalisation written out',
      modelOf((b, words, mask) => {
        const mean = (x: string) => b.node('ReduceMean', [x], { axes: ints([-1]) });
        const centred = b.node('Sub', [words, mean(words)]);
        const variance = mean(b.node('Pow', [centred, b.scalar(2)]));
        const deviation = b.node('Sqrt', [b.node('Add', [variance, b.scalar(1e-5)])]);
        const normal = b.node('Div', [centred, deviation]);
        return sum(b, b.node('Mul', [attention(b, normal, mask), column(b, mask)]));
      }),
      16,
    ],
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

  test('where the weights are fed, as those of a trainer are', () => {
    const graph = buildArchitecture('transformer:1x32', { inputDims: [16], classes: 2, seed: 0, preprocessing });
    const weightsAsInputs = new Set(trainableParameters(findClassifier(graph, 'model')));
    expect(ignoresPadding(graph, { ...optionsFor(16), weightsAsInputs })).toBe(true);
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

  test.each(Object.entries(wrong))('where %s, and the losses change with it', async (_, write) => {
    expect(ignores(modelOf(write))).toBe(false);
    expect(await difference(modelOf(write), 16)).not.toBeLessThan(1e-3);
  });

  test.each(Object.entries(doubtful))('where %s', (_, write) => {
    expect(ignores(modelOf(write))).toBe(false);
  });

  test('where the one input, whatever it is called, takes the ids', () => {
    expect(ignores(modelOf((b, words, mask) => sum(b, masked(b, words, mask)), ['attention_mask']))).toBe(false);
  });

  test('where the data are no texts', () => {
    const stored = [{ dtype: 'float32', dims: [16] }] as const;
    const mlp = buildArchitecture('mlp:8', { inputDims: [16], classes: 2, seed: 0 });
    expect(ignoresPadding(mlp, { name: 'mlp', stored, preprocessing: { kind: 'none' } })).toBe(false);
  });

  test('where what hides it is fed, and may be trained to hide it no more', () => {
    const graph = modelOf((b, words, mask) => {
      const absent = b.node('Sub', [b.scalar(1), mask]);
      const far = b.node('Unsqueeze', [b.node('Mul', [absent, b.weight('far', float32([-1e9], []))]), b.int64([1])]);
      return first(b, attended(b, b.node('Add', [scores(b, words), far]), words));
    });
    expect(ignores(graph)).toBe(true);
    expect(ignoresPadding(graph, { ...optionsFor(16), weightsAsInputs: new Set(['far']) })).toBe(false);
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
