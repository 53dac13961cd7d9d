import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InputSpec } from '../../src/core/batch.ts';
import type { Preprocessing } from '../../src/core/preprocessing.ts';
import { type Dtype, float32, type Tensor } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import type { Graph, GraphValue } from '../../src/onnx/graph.ts';
import { declareStoredInputs, fedInputs, type Layout } from '../../src/onnx/preprocess.ts';
import { runGraph } from './runGraph.ts';

const none: Preprocessing = { kind: 'none' };

function modelOf(...inputs: readonly GraphValue[]): Graph {
  return { name: 'model', opsets: { '': 17 }, inputs, outputs: [], weights: new Map(), nodes: [] };
}

function declare(model: Graph, stored: readonly InputSpec[], preprocessing: Preprocessing, layout: Layout = 'auto') {
  const builder = new GraphBuilder('fed');
  const options = { name: 'model.onnx', stored, preprocessing, layout };
  declareStoredInputs(builder, model, 'batch', options);
  for (const { name } of model.inputs) builder.output(builder.node('Identity', [name]), `${name} of the model`);
  return { builder, fed: fedInputs(model, options) };
}

/** What a model gets as its one input when `tensor` is fed. */
async function feed(
  input: GraphValue,
  tensor: Tensor,
  preprocessing: Preprocessing,
  layout: Layout = 'auto',
): Promise<Tensor> {
  const stored = { dtype: tensor.dtype, dims: tensor.dims.slice(1) };
  const { builder, fed } = declare(modelOf(input), [stored], preprocessing, layout);
  const results = await runGraph(builder.build(), { [fed[0]!]: tensor });
  return results[`${input.name} of the model`]!;
}

function bytes(values: readonly number[], dims: readonly number[]): Tensor {
  return { dtype: 'uint8', dims, data: Uint8Array.from(values) };
}

describe('standardising in the graph', () => {
  test('gives (x / 255 - mean) / std', async () => {
    const preprocessing: Preprocessing = { kind: 'standardize', scale: 1 / 255, mean: [0.1307], std: [0.3081] };
    const values = Array.from({ length: 256 }, (_, value) => value);
    const input: GraphValue = { name: 'x', dtype: 'float32', dims: ['batch', 1, 16, 16] };
    const found = await feed(input, bytes(values, [1, 1, 16, 16]), preprocessing);
    expect(found.dims).toEqual([1, 1, 16, 16]);
    const expected = values.map((value) => (value / 255 - 0.1307) / 0.3081);
    expect(found.data as Float32Array).toBeAllClose(expected, { rtol: 1e-6, atol: 1e-6 });
  });

  test('uses the mean and deviation of each channel', async () => {
    const channel = fc.record({
      mean: fc.double({ min: 0, max: 1, noNaN: true }),
      std: fc.double({ min: 0.2, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(channel, { minLength: 3, maxLength: 3 }),
        fc.array(fc.nat(255), { minLength: 24, maxLength: 24 }),
        async (channels, values) => {
          const mean = channels.map((of) => of.mean);
          const std = channels.map((of) => of.std);
          const input: GraphValue = { name: 'x', dtype: 'float32', dims: ['batch', 3, 2, 2] };
          const found = await feed(input, bytes(values, [2, 3, 2, 2]), {
            kind: 'standardize',
            scale: 1 / 255,
            mean,
            std,
          });
          const expected = values.map((value, i) => {
            const of = Math.floor(i / 4) % 3;
            return (value / 255 - mean[of]!) / std[of]!;
          });
          expect(found.data as Float32Array).toBeAllClose(expected, { rtol: 1e-6, atol: 1e-6 });
        },
      ),
      { numRuns: 40 },
    );
  });

  test('works on numbers that are stored as float32 too', async () => {
    const input: GraphValue = { name: 'x', dtype: 'float32', dims: ['batch', 2] };
    const found = await feed(input, float32([1, 2, 3, 4], [2, 2]), {
      kind: 'standardize',
      scale: 2,
      mean: [1, 3],
      std: [1, 0.5],
    });
    expect([...found.data]).toEqual([1, 2, 5, 10]);
  });
});

describe('what is stored and what the model takes', () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8];

  test.each<[readonly number[], readonly (number | string)[]]>([
    [[1, 2, 2], [4]],
    [[4], [1, 2, 2]],
    [
      [2, 2],
      [1, 2, 2],
    ],
    [
      [1, 2, 2],
      [2, 2],
    ],
  ])('an example [%s] is reshaped to [%s], as the sizes agree', async (stored, wanted) => {
    const found = await feed(
      { name: 'x', dtype: 'float32', dims: ['batch', ...wanted] },
      float32(values, [2, ...stored]),
      none,
    );
    expect(found.dims).toEqual([2, ...wanted]);
    expect([...found.data]).toEqual(values);
  });

  test('MNIST goes into a model that takes vectors', () => {
    const input: GraphValue = { name: 'x', dtype: 'float32', dims: ['batch', 784] };
    const { builder } = declare(modelOf(input), [{ dtype: 'uint8', dims: [1, 28, 28] }], none);
    expect(builder.type('x')).toEqual({ dtype: 'float32', dims: ['batch', 784] });
  });

  test.each<[readonly number[], readonly (number | string)[]]>([
    [[1, 28, 28], [783]],
    [
      [1, 28, 28],
      [3, 28, 28],
    ],
    [
      [1, 28, 28],
      ['width', 28],
    ],
    [[8], []],
  ])('an example [%s] is refused where [%s] is expected', (stored, wanted) => {
    const input: GraphValue = { name: 'x', dtype: 'float32', dims: ['batch', ...wanted] };
    expect(() => declare(modelOf(input), [{ dtype: 'float32', dims: stored }], none)).toThrow(
      `Cannot feed "model.onnx": an example of the data is [${stored.join(', ')}], the input "x" expects [${wanted.join(', ')}]`,
    );
  });

  test('sizes with a name take what the data has', async () => {
    const found = await feed({ name: 'x', dtype: 'float32', dims: ['n', 'length'] }, float32(values, [2, 4]), none);
    expect(found.dims).toEqual([2, 4]);
  });

  test('a fixed batch is freed', async () => {
    const found = await feed({ name: 'x', dtype: 'float32', dims: [1, 4] }, float32(values, [2, 4]), none);
    expect(found.dims).toEqual([2, 4]);
  });

  test('numbers of another type are converted', async () => {
    const tokens: Tensor = { dtype: 'int32', dims: [2, 2], data: Int32Array.of(1, 2, 3, -4) };
    const found = await feed({ name: 'ids', dtype: 'int64', dims: ['batch', 2] }, tokens, none);
    expect([found.dtype, ...found.data]).toEqual(['int64', 1n, 2n, 3n, -4n]);
  });
});

describe('channels of images', () => {
  const image = bytes([...Array(12).keys()], [1, 2, 2, 3]);
  const last = [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11];
  const inputOf = (...dims: readonly (number | string)[]): GraphValue => ({ name: 'x', dtype: 'float32', dims });

  test('go last where the sizes of the input have them there', async () => {
    for (const dims of [
      [2, 3, 2],
      ['height', 3, 'channels'],
    ]) {
      const found = await feed(inputOf('n', ...dims), image, none);
      expect(found.dims).toEqual([1, 2, 3, 2]);
      expect([...found.data]).toEqual(last);
    }
  });

  test('are standardised by their own numbers before they go there', async () => {
    const preprocessing: Preprocessing = { kind: 'standardize', scale: 1, mean: [0, 6], std: [1, 0.5] };
    const found = await feed(inputOf('n', 2, 3, 2), image, preprocessing);
    expect([...found.data]).toEqual([0, 0, 1, 2, 2, 4, 3, 6, 4, 8, 5, 10]);
  });

  test('stay first where both fit, unless it is told', async () => {
    const square = bytes([...Array(8).keys()], [1, 2, 2, 2]);
    const input = inputOf('n', 2, 2, 2);
    expect([...(await feed(input, square, none)).data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...(await feed(input, square, none, 'nhwc')).data]).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
  });

  test('go last into vectors where it is told', async () => {
    const found = await feed(inputOf('n', 12), image, none, 'nhwc');
    expect([found.dims, [...found.data]]).toEqual([[1, 12], last]);
  });

  test('are left as they are where the input gives no sizes', async () => {
    expect((await feed(inputOf(), image, none)).dims).toEqual([1, 2, 2, 3]);
  });

  test.each<[readonly (number | string)[], Layout, string]>([
    [['n', 3, 2, 2], 'auto', 'an example of the data is [2, 2, 3], the input "x" expects [3, 2, 2]'],
    [['n', 2, 3, 2], 'nchw', 'an example of the data is [2, 2, 3], the input "x" expects [2, 3, 2]'],
  ])('are not put into [%s] with %s', (dims, layout, message) => {
    expect(() => declare(modelOf(inputOf(...dims)), [{ dtype: 'uint8', dims: [2, 2, 3] }], none, layout)).toThrow(
      message,
    );
  });

  test('are no matter of data that are no images', () => {
    const vectors = [{ dtype: 'float32', dims: [4] }] as const;
    expect(() => declare(modelOf(inputOf('n', 4)), vectors, none, 'nhwc')).toThrow(
      'Cannot use --layout nhwc with "model.onnx": an example of the data is [4], expected [channels, height, width]',
    );
  });
});

describe('the type of an input', () => {
  const values = bytes([0, 51, 255], [1, 3]);
  const inputOf = (dtype: Dtype): GraphValue => ({ name: 'x', dtype, dims: ['n', 3] });
  const unit: Preprocessing = { kind: 'standardize', scale: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1] };

  test.each<[Dtype, readonly number[]]>([
    ['float32', [0, 51, 255]],
    ['float64', [0, 51, 255]],
    ['uint8', [0, 51, 255]],
    ['int32', [0, 51, 255]],
    ['int64', [0, 51, 255]],
  ])('%s gets the stored bytes', async (dtype, expected) => {
    const found = await feed(inputOf(dtype), values, none);
    expect([found.dtype, Array.from(found.data, Number)]).toEqual([dtype, expected]);
  });

  test('float16 gets fractions that were made in float32', async () => {
    const { dtype, data } = await feed(inputOf('float16'), values, unit);
    // 0, 0.2 and 1 in half precision.
    expect([dtype, [...new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, 3)]]).toEqual([
      'float16',
      [0, 0x3266, 0x3c00],
    ]);
  });

  test.each<[Dtype, Preprocessing, string]>([
    ['uint8', unit, 'takes uint8, the preprocessing of the data gives fractions; pass --preprocessing raw'],
    ['int64', unit, 'takes int64, the preprocessing of the data gives fractions'],
    ['int8', none, 'takes int8, the data are bytes up to 255'],
  ])('%s is refused where numbers would be cut', (dtype, preprocessing, message) => {
    expect(() => declare(modelOf(inputOf(dtype)), [{ dtype: 'uint8', dims: [3] }], preprocessing)).toThrow(message);
  });
});

describe('a model with several inputs', () => {
  const model = modelOf(
    { name: 'ids', dtype: 'int64', dims: ['batch', 3] },
    { name: 'mask', dtype: 'int64', dims: ['batch', 3] },
  );

  test('gets them in order; those that fit are fed under their own name', () => {
    const stored: InputSpec[] = [
      { dtype: 'int64', dims: [3] },
      { dtype: 'int32', dims: [3] },
    ];
    expect(declare(model, stored, none).fed).toEqual(['ids', 'mask/stored']);
  });

  test('is refused where the data has another number of them', () => {
    expect(() => declare(model, [{ dtype: 'int64', dims: [3] }], none)).toThrow(
      'Cannot feed "model.onnx": it takes 2 inputs, an example of the data has 1',
    );
  });
});

describe('token ids', () => {
  const tokens: Preprocessing = { kind: 'tokens', tokenizer: 'test', vocabulary: 100, padding: 9 };
  const stored = [{ dtype: 'int32', dims: [3] }] as const;
  const ids: Tensor = { dtype: 'int32', dims: [2, 3], data: Int32Array.of(1, 2, 9, 4, 9, 9) };
  const input = (name: string, dtype: Dtype = 'int64', length: number | string = 3): GraphValue => ({
    ...{ name, dtype, dims: ['n', length] },
  });

  test('become the inputs that a model has, by their names', async () => {
    const names = ['token_type_ids', 'input_ids', 'position_ids', 'attention_mask'];
    const { builder, fed } = declare(modelOf(...names.map((name) => input(name))), stored, tokens);
    expect(fed).toEqual(['rho/tokens']);
    const results = await runGraph(builder.build(), { 'rho/tokens': ids });
    const found = (name: string) => {
      const { dtype, dims, data } = results[`${name} of the model`]!;
      expect([dtype, [...dims]]).toEqual(['int64', [2, 3]]);
      return Array.from(data, Number);
    };
    expect(found('input_ids')).toEqual([1, 2, 9, 4, 9, 9]);
    expect(found('attention_mask')).toEqual([1, 1, 0, 1, 0, 0]);
    expect(found('token_type_ids')).toEqual([0, 0, 0, 0, 0, 0]);
    expect(found('position_ids')).toEqual([0, 1, 2, 0, 1, 2]);
  });

  test.each<[Dtype, string | number]>([
    ['int64', 3],
    ['int32', 'length'],
    ['float32', 3],
  ])('are what the one input of a model gets, whatever it is called: %s [n, %s]', async (dtype, length) => {
    const { builder, fed } = declare(modelOf(input('words', dtype, length)), stored, tokens);
    const results = await runGraph(builder.build(), { [fed[0]!]: ids });
    expect(results['words of the model']!.dtype).toBe(dtype);
    expect(Array.from(results['words of the model']!.data, Number)).toEqual([1, 2, 9, 4, 9, 9]);
  });

  test('may be masked by numbers of any type', async () => {
    const { builder } = declare(modelOf(input('input_ids'), input('attention_mask', 'float32')), stored, tokens);
    const results = await runGraph(builder.build(), { 'rho/tokens': ids });
    expect([...results['attention_mask of the model']!.data]).toEqual([1, 1, 0, 1, 0, 0]);
  });

  test('do not tell what another input is to be', () => {
    expect(() => declare(modelOf(input('input_ids'), input('pixel_values')), stored, tokens)).toThrow(
      'Cannot feed "model.onnx": nothing in the data tells its input "pixel_values", expected input_ids, attention_mask, token_type_ids, position_ids',
    );
  });

  test('of another length than a model takes are refused', () => {
    expect(() => declare(modelOf(input('input_ids', 'int64', 128)), stored, tokens)).toThrow(
      'Cannot feed "model.onnx": an example of the data is 3 token ids, the input "input_ids" expects [128]',
    );
  });
});
