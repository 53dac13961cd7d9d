import { describe, expect, test } from 'vitest';
import { float32, int64 } from '../../src/core/tensor.ts';
import type { GraphBuilder } from '../../src/onnx/builder.ts';
import { findClassifier } from '../../src/onnx/classifier.ts';
import { type Graph, int, ints } from '../../src/onnx/graph.ts';
import { scoreGraph } from '../../src/onnx/scoreGraph.ts';
import { fedWith, linear, modelOf, uniform } from './models.ts';
import { runGraph } from './runGraph.ts';

const width = 4;

function scores(b: GraphBuilder, classes = 3, name = 'fc'): string {
  return linear(b, 'x', name, uniform(1, [classes, width]), uniform(2, [classes]));
}

const find = (model: Graph, logits?: string) => findClassifier(model, 'm.onnx', { logits: logits ?? null });
const graphOf = (model: Graph, options: object = {}) =>
  scoreGraph(model, { ...fedWith(width), outputs: ['loss'], ...options });

/** Losses of two examples. */
async function losses(model: Graph, options: object = {}): Promise<ArrayLike<number>> {
  const feeds = {
    x: uniform(5, [2, width]),
    'rho/labels': { dtype: 'int32', dims: [2], data: Int32Array.of(0, 1) },
  } as const;
  return (await runGraph(graphOf(model, options), feeds)).loss!.data as Float32Array;
}

describe('logits are found', () => {
  const softened = (b: GraphBuilder, z: string) => b.node('Softmax', [z], { axis: int(-1) });

  test.each<[string, (b: GraphBuilder, z: string) => string]>([
    ['behind a Softmax', softened],
    [
      'behind a LogSoftmax and an Identity',
      (b, z) => b.node('Identity', [b.node('LogSoftmax', [z], { axis: int(1) })]),
    ],
    ['behind the logarithm of a Softmax', (b, z) => b.node('Log', [softened(b, z)])],
    ['behind a Softmax that is clipped', (b, z) => b.node('Clip', [softened(b, z), b.scalar(1e-7), b.scalar(1)])],
    [
      'behind a softmax written out',
      (b, z) => {
        const e = b.node('Exp', [z]);
        return b.node('Div', [e, b.node('ReduceSum', [e, b.int64([-1])])]);
      },
    ],
    [
      'behind one with constant axes as a node',
      (b, z) => {
        const e = b.node('Exp', [z]);
        const axes = b.node('Constant', [], { value: { kind: 'tensor', value: int64([1]) } });
        return b.node('Div', [e, b.node('ReduceSum', [e, axes], { keepdims: int(1) })]);
      },
    ],
  ])('%s', async (_, close) => {
    const model = modelOf(width, (b) => close(b, scores(b)));
    expect(find(model)).toMatchObject({ logits: 'fc.out', closing: 'softmax' });
    expect(find(model).nodes.map(({ op }) => op)).toEqual(['Gemm']);
    expect(await losses(model)).toBeAllClose(await losses(modelOf(width, scores)), { rtol: 1e-6, atol: 0 });
  });

  test.each<[string, (b: GraphBuilder, z: string) => string]>([
    [
      'a sum over the batch',
      (b, z) => {
        const e = b.node('Exp', [z]);
        return b.node('Div', [e, b.node('ReduceSum', [e, b.int64([0])])]);
      },
    ],
    [
      'the sum of something else',
      (b, z) => b.node('Div', [b.node('Exp', [z]), b.node('ReduceSum', [z, b.int64([1])])]),
    ],
  ])('as they are where they are divided by %s', (_, close) => {
    const model = modelOf(width, (b) => close(b, scores(b)));
    expect(find(model)).toMatchObject({ logits: model.outputs[0]!.name, closing: 'none' });
  });

  const two = (first: string, second: string) => {
    const model = modelOf(width, (b) => {
      b.output(b.node('Identity', [scores(b, 5, 'a')], {}, { outputs: [first] }));
      return b.node('Identity', [scores(b, 3, 'b')], {}, { outputs: [second] });
    });
    return model;
  };

  test('by their name among several outputs, else as the first rows of numbers', () => {
    expect(find(two('features', 'head/logits')).logits).toBe('head/logits');
    expect(find(two('scores', 'features')).logits).toBe('scores');
    const model = two('state', 'scores');
    const [state, rest] = model.outputs as [Graph['outputs'][0], Graph['outputs'][0]];
    expect(find({ ...model, outputs: [{ ...state, dims: ['batch', 5, 7] }, rest] }).logits).toBe('scores');
    expect(find({ ...model, outputs: [{ ...state, dtype: 'int64' }, rest] }).logits).toBe('scores');
  });

  test('at any value that is named', () => {
    const model = modelOf(width, (b) => b.node('Neg', [scores(b)]));
    expect(find(model, 'fc.out')).toMatchObject({ logits: 'fc.out', isNamed: true });
    expect(() => find(model, 'fc.weight')).toThrow(
      /^Cannot find --logits "fc.weight" in "m.onnx": it computes no value of that name, expected one such as "fc.out", /,
    );
  });
});

test('logits are found behind a Softmax over images of one pixel', async () => {
  const model = modelOf(width, (b) => {
    const image = b.node('Reshape', [scores(b), b.int64([-1, 3, 1, 1])], {}, { outputs: ['image'] });
    return b.node('Flatten', [b.node('Softmax', [image], { axis: int(1) })]);
  });
  expect(find(model)).toMatchObject({ logits: 'image', closing: 'softmax' });
  expect(await losses(model)).toBeAllClose(await losses(modelOf(width, scores)), { rtol: 1e-6, atol: 0 });
});

test('probabilities that come from elsewhere are refused, unless they are named', () => {
  const model = modelOf(width, (b) => b.node('Abs', [scores(b)], {}, { outputs: ['class_probs'] }));
  expect(() => graphOf(model)).toThrow(
    'its output "class_probs" seems to hold probabilities, and no Softmax is found that they come from',
  );
  expect(() => graphOf(model, { logits: 'class_probs' })).not.toThrow();
});

describe('what is no row of logits', () => {
  test('one number is refused, unless it is named: then it is the logit of the second of two classes', async () => {
    const model = modelOf(width, (b) => scores(b, 1));
    expect(() => graphOf(model)).toThrow('if it is the one logit of two classes, pass --logits "fc.out"');
    const x = uniform(5, [2, width]).data as Float32Array;
    const w = uniform(1, [1, width]).data as Float32Array;
    const z = [0, 1].map((row) =>
      w.reduce((sum, weight, i) => sum + weight * x[row * width + i]!, uniform(2, [1]).data[0] as number),
    );
    const expected = [Math.log1p(Math.exp(z[0]!)), Math.log1p(Math.exp(-z[1]!))];
    expect(await losses(model, { logits: 'fc.out' })).toBeAllClose(expected, { rtol: 1e-5, atol: 0 });
    const flat = modelOf(width, (b) => b.node('Sigmoid', [b.node('Reshape', [scores(b, 1), b.int64([-1])])]));
    expect(await losses(flat)).toBeAllClose(expected, { rtol: 1e-5, atol: 0 });
  });

  test('classes each by itself are refused, and the value in front of the Sigmoid is named', () => {
    const model = modelOf(width, (b) => b.node('Sigmoid', [scores(b)]));
    expect(() => graphOf(model)).toThrow(
      'Cannot use "model.onnx" as a classifier: it scores each of 3 classes by itself (Sigmoid), expected one that chooses among them; to score it as one, name the input of the Sigmoid with --logits "fc.out"',
    );
    expect(() => graphOf(model, { logits: 'fc.out' })).not.toThrow();
  });

  test('a label is refused, also where it is named, and the value it is chosen from is named', () => {
    const model = modelOf(width, (b) =>
      b.node(
        'Squeeze',
        [b.node('ArgMax', [b.node('Softmax', [scores(b)])], { axis: int(1) }), b.int64([1])],
        {},
        { outputs: ['best'] },
      ),
    );
    for (const logits of [null, 'best'])
      expect(() => graphOf(model, { logits })).toThrow(/it gives the label of the best class .* --logits "fc.out"/);
  });

  test('maps alone are refused, and what makes them is named', () => {
    const model = modelOf(width, scores);
    const map = {
      ...model.nodes[0]!,
      name: 'zip',
      op: 'ZipMap',
      domain: 'ai.onnx.ml',
      inputs: ['fc.out'],
      outputs: ['maps'],
    };
    expect(() => find({ ...model, outputs: [], otherOutputs: ['maps'], nodes: [...model.nodes, map] })).toThrow(
      'Cannot use "m.onnx": its output "maps" by ZipMap (node "zip") is no tensor of numbers, expected logits [batch, classes]',
    );
  });

  test('fewer classes than the data have are refused, more are not', () => {
    const model = modelOf(width, scores);
    expect(() => graphOf(model, { classes: 4 })).toThrow('it knows 3 classes, the data have 4');
    expect(() => graphOf(model, { classes: 2 })).not.toThrow();
  });
});

describe('a model with an operator that nothing here knows', () => {
  /** An unknown operator in front of a Squeeze by attribute, which opset 11 has. */
  const model = (opset: number) => {
    const known = modelOf(width, scores, 17);
    const odd = { ...known.nodes[0]!, name: 'odd', op: 'Selu', inputs: ['x'], outputs: ['y'], attributes: {} };
    const add = {
      ...odd,
      name: 'more',
      op: 'Unsqueeze',
      inputs: ['y'],
      outputs: ['u'],
      attributes: { axes: ints([2]) },
    };
    const drop = {
      ...odd,
      name: 'less',
      op: 'Squeeze',
      inputs: ['u'],
      outputs: ['s'],
      attributes: { axes: ints([2]) },
    };
    const last = { ...known.nodes[0]!, inputs: ['s', ...known.nodes[0]!.inputs.slice(1)] };
    return { ...known, opsets: { '': opset }, nodes: [odd, add, drop, last] };
  };

  test.each([
    [9, 13],
    [11, 11],
    [12, 12],
  ])('of opset %d is scored in opset %d', async (opset, written) => {
    expect(graphOf(model(opset)).opsets['']).toBe(written);
    const all = ['loss', 'predicted', 'margin', 'gradientNorm'];
    const found = await losses(model(opset), { outputs: all });
    const x = uniform(5, [2, width]);
    const selu = (value: number) =>
      1.0507009873554805 * (value > 0 ? value : 1.6732632423543772 * (Math.exp(value) - 1));
    const known = graphOf(modelOf(width, scores));
    const feeds = {
      x: float32(Array.from(x.data as Float32Array, selu), x.dims),
      'rho/labels': { dtype: 'int32', dims: [2], data: Int32Array.of(0, 1) },
    } as const;
    expect(found).toBeAllClose((await runGraph(known, feeds)).loss!.data as Float32Array, { rtol: 1e-5, atol: 0 });
  });

  test('of opset 6 is refused, naming that and the oldest', () => {
    expect(() => graphOf(model(6))).toThrow(
      'it is written in ONNX opset 6, export it again with opset 17 (7 is the oldest',
    );
  });
});

describe('of several outputs', () => {
  const two = (b: GraphBuilder, first: string, second: string): string => {
    b.output(first);
    return second;
  };

  test('one behind a softmax is taken, be it the second', () => {
    const model = modelOf(width, (b) =>
      two(b, scores(b, 7, 'features'), b.node('Softmax', [scores(b)], { axis: int(-1) })),
    );
    expect(find(model).logits).toBe('fc.out');
  });

  test('the one of as many classes as the data have is taken', () => {
    const model = modelOf(width, (b) => two(b, scores(b, 7, 'features'), scores(b)));
    expect(findClassifier(model, 'm.onnx', { classes: 3 }).logits).toBe('fc.out');
    expect(findClassifier(model, 'm.onnx', { classes: 2 }).logits).toBe('features.out');
  });
});
