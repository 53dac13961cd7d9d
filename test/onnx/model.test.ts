import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RhoError } from '../../src/core/errors.ts';
import { type Dtype, float32, int64, type Tensor, viewAs } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { float, type Graph, int, ints, string } from '../../src/onnx/graph.ts';
import { inEvalForm, readModel, replaceWeights, writeModel } from '../../src/onnx/model.ts';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  ModelProtoSchema,
  SparseTensorProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorProto_DataType as Type,
} from '../../src/onnx/proto/onnx_pb.ts';
import { readTensor } from '../../src/onnx/tensorProto.ts';
import { openGraph } from './runGraph.ts';

const dtypes: readonly Dtype[] = ['float32', 'float64', 'float16', 'int64', 'int32', 'int8', 'uint8', 'bool'];

/** A graph with every element type, kind of attribute and kind of size. */
function variedGraph(): Graph {
  return {
    name: 'varied',
    opsets: { '': 17, 'com.example': 3 },
    inputs: [
      { name: 'x', dtype: 'float32', dims: ['batch', 3, 'rest of it'] },
      { name: 'scalar', dtype: 'int64', dims: [] },
    ],
    outputs: [{ name: 'y', dtype: 'bool', dims: ['batch', 0] }],
    weights: new Map([
      ...dtypes.map(
        (dtype) =>
          [`of ${dtype}`, { dtype, dims: [2, 1], data: viewAs(dtype, new Uint8Array(16)).slice(0, 2) }] as const,
      ),
      ['empty', float32([], [0, 4])],
      ['scalar weight', float32([0.1], [])],
      ['odd', { dtype: 'float32', dims: [3], data: Float32Array.of(Number.NaN, -0, Number.NEGATIVE_INFINITY) }],
    ]),
    nodes: [
      {
        name: 'named',
        op: 'Anything',
        domain: 'com.example',
        inputs: ['x', '', 'of float32'],
        outputs: ['y', ''],
        attributes: {
          whole: int(-3),
          largest: int(2 ** 63),
          number: float(0.5),
          several: ints([1, -1, 0]),
          numbers: { kind: 'floats', value: [0.5, -2] },
          text: string('Φ(x)'),
          texts: { kind: 'strings', value: ['a', ''] },
          tensor: { kind: 'tensor', value: int64([2 ** 40, -1]) },
        },
      },
      { name: '', op: 'Neg', domain: '', inputs: ['y'], outputs: ['z'], attributes: {} },
    ],
  };
}

function expectDataError(read: () => unknown, file: string): void {
  let error: unknown;
  try {
    read();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(RhoError);
  const { kind, message } = error as RhoError;
  expect(kind).toBe('data');
  expect(message).toContain(`Cannot read "${file}": `);
  expect(message).not.toMatch(/\.$|\. |\n/);
}

describe('a graph written and read again', () => {
  test('is the same', () => {
    expect(readModel(writeModel(variedGraph()), 'varied.onnx')).toEqual(variedGraph());
  });

  test('keeps an attribute that nothing here looks into, such as a subgraph', () => {
    const inner = fromBinary(ModelProtoSchema, writeModel(variedGraph())).graph!;
    const branch = create(AttributeProtoSchema, { name: 'then_branch', type: Kind.GRAPH, g: inner });
    const proto = fromBinary(ModelProtoSchema, writeModel(variedGraph()));
    proto.graph!.node[1]!.attribute.push(branch);
    const outer = toBinary(ModelProtoSchema, proto);
    const again = fromBinary(ModelProtoSchema, writeModel(readModel(outer, 'if.onnx')));
    expect(again.graph!.node[1]!.attribute).toEqual([branch]);
  });

  test('keeps its weights whatever field of the file holds them', () => {
    const typed: readonly Partial<TensorProto>[] = [
      { dataType: Type.FLOAT, floatData: [1, 2] },
      { dataType: Type.DOUBLE, doubleData: [1, 2] },
      { dataType: Type.INT64, int64Data: [1n, 2n] },
      { dataType: Type.INT32, int32Data: [1, 2] },
      { dataType: Type.INT8, int32Data: [1, 2] },
      { dataType: Type.UINT8, int32Data: [1, 2] },
      { dataType: Type.BOOL, int32Data: [1, 2] },
      { dataType: Type.FLOAT16, int32Data: [1, 2] },
    ];
    for (const fields of typed) {
      const { data } = readTensor(create(TensorProtoSchema, { name: 'w', dims: [2n], ...fields } as TensorProto));
      expect(Array.from(data, Number)).toEqual([1, 2]);
    }
  });

  test('does not depend on where in memory its bytes lie', () => {
    const bytes = writeModel(variedGraph());
    for (let offset = 0; offset < 8; offset++) {
      const moved = new Uint8Array(bytes.length + offset);
      moved.set(bytes, offset);
      expect(readModel(moved.subarray(offset), 'moved.onnx')).toEqual(variedGraph());
      // Node's own kind of bytes, whose slice does not copy.
      expect(readModel(Buffer.from(moved.buffer, offset), 'moved.onnx')).toEqual(variedGraph());
    }
  });

  test('carries the metadata asked for', () => {
    const proto = fromBinary(ModelProtoSchema, writeModel(variedGraph(), { 'rho.model': 'mlp:64' }));
    expect(proto.metadataProps.map(({ key, value }) => [key, value])).toEqual([['rho.model', 'mlp:64']]);
    expect([proto.producerName, proto.irVersion]).toEqual(['rho-loss', 8n]);
  });
});

test('weights that a file of IR version 3 lists among its inputs are no inputs', () => {
  const proto = fromBinary(ModelProtoSchema, writeModel(variedGraph()));
  const { input } = proto.graph!;
  input.push({ ...input[0]!, name: 'of float32' });
  expect(readModel(toBinary(ModelProtoSchema, proto), 'ir3.onnx').inputs).toEqual(variedGraph().inputs);
});

test('the domain "ai.onnx" is the one without a name', () => {
  const named = { ...variedGraph(), opsets: { 'ai.onnx': 17 } };
  const nodes = named.nodes.map((node) => ({ ...node, domain: 'ai.onnx' }));
  const graph = readModel(writeModel({ ...named, nodes }), 'named.onnx');
  expect(graph.opsets).toEqual({ '': 17 });
  expect(graph.nodes.map((node) => node.domain)).toEqual(['', '']);
});

test('a size without a name or number gets one of its own', () => {
  const proto = fromBinary(ModelProtoSchema, writeModel(variedGraph()));
  const type = proto.graph!.input[0]!.type!.value;
  if (type.case === 'tensorType') type.value.shape!.dim[0]!.value = { case: undefined };
  expect(readModel(toBinary(ModelProtoSchema, proto), 'unnamed.onnx').inputs[0]!.dims).toEqual([
    'x.0',
    3,
    'rest of it',
  ]);
});

describe('what is not an ONNX model is refused in one sentence that names the file', () => {
  const bytes = writeModel({ ...variedGraph(), opsets: { '': 17 } });
  const tensor = create(TensorProtoSchema, { name: 'w', dims: [1n], dataType: Type.FLOAT, floatData: [1] });

  test.each<[string, Uint8Array]>([
    ['no bytes', new Uint8Array()],
    ['zeros', new Uint8Array(100)],
    ['a JSON file', new TextEncoder().encode('{"model": "mlp:512,512", "steps": 300}')],
    ['a text file', new TextEncoder().encode('ONNX is the one model format\n'.repeat(20))],
    ['another protobuf message', toBinary(TensorProtoSchema, tensor)],
    ['a model without nodes', toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, graph: {} }))],
    ['a gzip file', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 75, 76, 74, 6, 0, 0xc2, 0x41, 0x24, 0x35)],
  ])('%s', (_, content) => {
    expectDataError(() => readModel(content, 'model.onnx'), 'model.onnx');
    expectDataError(() => replaceWeights(content, 'model.onnx', new Map()), 'model.onnx');
  });

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        expectDataError(() => readModel(content, 'random.onnx'), 'random.onnx');
      }),
      { numRuns: 500 },
    );
  });

  test('a model cut off anywhere', () => {
    for (let length = 0; length < bytes.length; length++)
      expectDataError(() => readModel(bytes.subarray(0, length), 'cut.onnx'), 'cut.onnx');
  });

  test('a damaged model, unless it can still be read', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const damaged = bytes.slice();
        damaged[at] = value;
        try {
          readModel(damaged, 'damaged.onnx');
        } catch (error) {
          expect(error).toMatchObject({ kind: 'data', message: expect.stringContaining('damaged.onnx') });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a model with something that nothing here computes with is refused', () => {
  function changed(change: (proto: ModelProto) => void): () => unknown {
    const proto = fromBinary(ModelProtoSchema, writeModel(variedGraph()));
    change(proto);
    return () => readModel(toBinary(ModelProtoSchema, proto), 'odd.onnx');
  }

  test.each<[string, (proto: ModelProto) => void]>([
    [
      'tensor "of float32": its ONNX element type is 16, supported are float32',
      ({ graph }) => {
        graph!.initializer[0]!.dataType = Type.BFLOAT16;
      },
    ],
    [
      'tensor "of float32": its data lies in another file',
      ({ graph }) => {
        graph!.initializer[0]!.dataLocation = TensorProto_DataLocation.EXTERNAL;
      },
    ],
    [
      'tensor "of float32": it holds 2 numbers, its shape [3, 1] expects 3',
      ({ graph }) => {
        graph!.initializer[0]!.dims[0] = 3n;
      },
    ],
    [
      '"x": its ONNX element type is 8',
      ({ graph }) => {
        const type = graph!.input[0]!.type!.value;
        if (type.case === 'tensorType') type.value.elemType = Type.STRING;
      },
    ],
    [
      'its weight "s" is sparse, export the model with dense weights',
      ({ graph }) => {
        const values = create(TensorProtoSchema, { name: 's' });
        graph!.sparseInitializer.push(create(SparseTensorProtoSchema, { values }));
      },
    ],
    [
      '"x" is a sequenceType, expected a tensor',
      ({ graph }) => {
        graph!.input[0]!.type!.value = { case: 'sequenceType', value: { $typeName: 'onnx.TypeProto.Sequence' } };
      },
    ],
    [
      '"x" is a value without a type, expected a tensor',
      ({ graph }) => {
        delete graph!.input[0]!.type;
      },
    ],
  ])('%s', (reason, change) => {
    expectDataError(changed(change), 'odd.onnx');
    expect(changed(change)).toThrow(reason);
  });
});

describe('an output', () => {
  const changed = (change: (output: ModelProto['graph']) => void) => {
    const proto = fromBinary(ModelProtoSchema, writeModel({ ...variedGraph(), opsets: { '': 17 } }));
    change(proto.graph);
    return readModel(toBinary(ModelProtoSchema, proto), 'odd.onnx');
  };

  test('that is no tensor of numbers is told by its name', () => {
    const { outputs, otherOutputs } = changed((graph) => {
      graph!.output[0]!.type!.value = { case: 'sequenceType', value: { $typeName: 'onnx.TypeProto.Sequence' } };
    });
    expect([outputs, otherOutputs]).toEqual([[], ['y']]);
  });

  test('without a type is taken for one of numbers', () => {
    const { outputs } = changed((graph) => {
      delete graph!.output[0]!.type;
    });
    expect(outputs).toEqual([{ name: 'y', dtype: 'float32', dims: [] }]);
  });
});

/** What a decoded model holds, with the numbers of the named weights taken out. */
function apart(bytes: Uint8Array, names: readonly string[]) {
  const proto = fromBinary(ModelProtoSchema, bytes);
  const taken = new Map<string, Tensor>();
  const take = (name: string, tensor: TensorProto) => {
    if (!names.includes(name)) return;
    taken.set(name, readTensor(tensor));
    Object.assign(tensor, { dims: [], rawData: new Uint8Array(), floatData: [], int64Data: [] });
  };
  for (const tensor of proto.graph!.initializer) take(tensor.name, tensor);
  for (const { opType, output, attribute } of proto.graph!.node)
    if (opType === 'Constant') take(output[0]!, attribute[0]!.t!);
  return { proto, taken };
}

describe('weights put back into a file', () => {
  function annotatedModel(): Uint8Array {
    const proto = fromBinary(ModelProtoSchema, writeModel(variedGraph(), { author: 'someone' }));
    proto.docString = 'of the model';
    proto.producerVersion = '1.2';
    proto.modelVersion = 7n;
    proto.domain = 'com.example';
    const graph = proto.graph!;
    graph.docString = 'of the graph';
    graph.node[0]!.docString = 'of the node';
    graph.input[0]!.docString = 'of the input';
    graph.valueInfo.push({ ...graph.output[0]!, name: 'z' });
    const first = graph.initializer[0]!;
    first.docString = 'of the weight';
    first.floatData = [1, 2];
    first.rawData = new Uint8Array();
    const held = create(TensorProtoSchema, { name: 'held', dims: [1n], dataType: Type.FLOAT, floatData: [4] });
    held.docString = 'of the constant';
    graph.node.push({
      ...graph.node[1]!,
      opType: 'Constant',
      input: [],
      output: ['c'],
      attribute: [{ ...graph.node[0]!.attribute[0]!, name: 'value', type: Kind.TENSOR, t: held }],
    });
    const bytes = toBinary(ModelProtoSchema, proto);
    // A field of a newer ONNX: number 1000, a varint.
    return Uint8Array.from([...bytes, 0xc0, 0x3e, 5]);
  }

  test('change nothing else, in initialisers and in Constant nodes', () => {
    const bytes = annotatedModel();
    const weights = new Map([
      ['of float32', float32([0.5, -0.25], [2, 1])],
      ['c', float32([9])],
    ]);
    const names = [...weights.keys()];
    const before = apart(bytes, names);
    const replaced = replaceWeights(bytes, 'model.onnx', weights);
    const after = apart(replaced, names);
    expect(Object.fromEntries(before.taken)).toEqual({ 'of float32': float32([1, 2], [2, 1]), c: float32([4]) });
    expect(Object.fromEntries(after.taken)).toEqual(Object.fromEntries(weights));
    expect(after.proto).toEqual(before.proto);
    expect(after.proto.$unknown).toHaveLength(1);
    // The old numbers do not stay beside the new ones.
    const { initializer } = fromBinary(ModelProtoSchema, replaced).graph!;
    expect(initializer[0]!.floatData).toEqual([]);
  });

  test('none: the model is the same', () => {
    const bytes = annotatedModel();
    expect(fromBinary(ModelProtoSchema, replaceWeights(bytes, 'model.onnx', new Map()))).toEqual(
      fromBinary(ModelProtoSchema, bytes),
    );
  });

  test('decide what the model computes', async () => {
    const builder = new GraphBuilder('scale');
    builder.input({ name: 'x', dtype: 'float32', dims: [2] });
    const held = builder.node(
      'Constant',
      [],
      { value: { kind: 'tensor', value: float32([1]) } },
      { outputs: ['shift'] },
    );
    builder.output(builder.node('Add', [builder.node('Mul', ['x', builder.weight('scale', float32([3]))]), held]), 'y');
    const weights = new Map([
      ['scale', float32([10])],
      ['shift', float32([0.5])],
    ]);
    const bytes = replaceWeights(writeModel(builder.build()), 'scale.onnx', weights);
    const open = await openGraph(readModel(bytes, 'scale.onnx'));
    const { y } = await open.run({ x: float32([1, 2]) });
    await open.release();
    expect([...y!.data]).toEqual([10.5, 20.5]);
  });
});

const folder = process.env.RHO_DATA;

describe.skipIf(!folder)(
  'models that other people made (skipped unless RHO_DATA names the folder of public data)',
  () => {
    const fileOf = (...parts: string[]) => new Uint8Array(readFileSync(join(folder!, 'onnx', ...parts)));
    const tensorOf = (...parts: string[]) => readTensor(fromBinary(TensorProtoSchema, fileOf(...parts)));
    const modelOf = (name: string) => fileOf(name, 'model.onnx');

    test('the MNIST model of the zoo reads as it is described', () => {
      const graph = readModel(modelOf('mnist-cntk-opset8'), 'mnist.onnx');
      expect(graph.opsets).toEqual({ '': 8 });
      expect(graph.inputs).toEqual([{ name: 'Input3', dtype: 'float32', dims: [1, 1, 28, 28] }]);
      expect(graph.outputs).toEqual([{ name: 'Plus214_Output_0', dtype: 'float32', dims: [1, 10] }]);
      expect(graph.nodes.map((node) => node.op)).toEqual([
        ...['Conv', 'Relu', 'MaxPool', 'Conv', 'Relu', 'MaxPool', 'Reshape', 'Gemm'],
      ]);
      const sizes = [...graph.weights.values()].map(({ data }) => data.length);
      expect(sizes.reduce((total, size) => total + size)).toBe(5996);
    });

    test('written again, it computes the same logits', async () => {
      const open = await openGraph(readModel(modelOf('mnist-cntk-opset8'), 'mnist.onnx'));
      for (const set of [0, 1, 2]) {
        const { Plus214_Output_0: logits } = await open.run({
          Input3: tensorOf('mnist-cntk-opset8', `test_data_set_${set}`, 'input_0.pb'),
        });
        const expected = tensorOf('mnist-cntk-opset8', `test_data_set_${set}`, 'output_0.pb').data as Float32Array;
        expect(logits!.data as Float32Array).toBeAllClose(expected, { rtol: 0, atol: 1e-5 * Math.max(...expected) });
      }
      await open.release();
    });

    test('a model whose weights are Constant nodes has those of its convolutions as initialisers, and takes others', () => {
      const bytes = modelOf('mnist-cntk-opset1');
      const graph = readModel(bytes, 'mnist.onnx');
      expect([...graph.weights.values()].map(({ dims }) => dims)).toEqual([
        [8, 1, 5, 5],
        [16, 8, 5, 5],
      ]);
      const [name, old] = [...graph.weights][0]!;
      const tensor = { ...old, data: old.data.map(() => 0.5 as never) };
      const replaced = readModel(replaceWeights(bytes, 'mnist.onnx', new Map([[name, tensor]])), 'mnist.onnx');
      expect(replaced).toEqual({ ...graph, weights: new Map([...graph.weights, [name, tensor]]) });
    });

    test.each(['mnist-cntk-opset1', 'mnist-cntk-opset8', 'super-resolution-10'])('%s keeps all it holds', (name) => {
      const bytes = modelOf(name);
      const graph = readModel(bytes, name);
      expect(readModel(writeModel(graph), name)).toEqual(graph);
      const names = [...graph.weights.keys()];
      expect(apart(replaceWeights(bytes, name, graph.weights), names)).toEqual(apart(bytes, names));
    });

    test('a test input beside a model is not a model', () => {
      const bytes = fileOf('mnist-cntk-opset8', 'test_data_set_0', 'input_0.pb');
      expectDataError(() => readModel(bytes, 'input_0.pb'), 'input_0.pb');
    });
  },
);

describe('weights that an exporter wrote as Constant nodes', () => {
  const value = (tensor: Tensor) => ({ value: { kind: 'tensor', value: tensor } }) as const;
  const builder = new GraphBuilder('constants');
  builder.input({ name: 'x', dtype: 'float32', dims: ['batch', 2] });
  const weight = builder.node('Constant', [], value(float32([1, 2, 3, 4], [2, 2])), { outputs: ['weight'] });
  const shift = builder.node('Constant', [], value(float32([5, 6])), { outputs: ['shift'] });
  const scale = builder.node('Constant', [], value(float32([2], [])), { outputs: ['scale'] });
  const product = builder.node('MatMul', ['x', weight], {}, { outputs: ['product'] });
  const scaled = builder.node('Mul', [product, scale], {}, { outputs: ['scaled'] });
  builder.output(builder.node('Add', [scaled, shift], {}, { outputs: ['y'] }));
  const bytes = writeModel(builder.build());

  test('are initialisers where an operator has its weights, and no others are', () => {
    const graph = readModel(bytes, 'constants.onnx');
    expect([...graph.weights]).toEqual([['weight', float32([1, 2, 3, 4], [2, 2])]]);
    expect(graph.nodes.map(({ op, outputs }) => `${op} ${outputs[0]}`)).toEqual([
      'Constant shift',
      'Constant scale',
      'MatMul product',
      'Mul scaled',
      'Add y',
    ]);
  });

  test('are put back into their nodes', () => {
    const changed = replaceWeights(bytes, 'constants.onnx', new Map([['weight', float32([9, 8, 7, 6], [2, 2])]]));
    const proto = fromBinary(ModelProtoSchema, changed);
    expect(proto.graph!.initializer).toEqual([]);
    expect(proto.graph!.node[0]!.opType).toBe('Constant');
    expect(readModel(changed, 'constants.onnx').weights.get('weight')).toEqual(float32([9, 8, 7, 6], [2, 2]));
  });
});

describe('a file in training mode', () => {
  const builder = new GraphBuilder('training');
  builder.input({ name: 'x', dtype: 'float32', dims: ['batch', 2] });
  const statistics = ['scale', 'bias', 'mean', 'variance'].map((name) => builder.weight(name, float32([1, 1])));
  const on: Tensor = { dtype: 'bool', dims: [], data: Uint8Array.of(1) };
  const attributes = { momentum: float(0.75), training_mode: int(1) };
  builder.add({
    ...{ name: 'norm', op: 'BatchNormalization', domain: '', inputs: ['x', ...statistics], attributes },
    outputs: ['normal', 'nextMean', 'nextVariance'],
  });
  builder.output(
    builder.node('Dropout', ['normal', builder.scalar(0.5), builder.constant(on)], {}, { outputs: ['y'] }),
  );
  const bytes = writeModel(builder.build());

  test('is brought into eval form, in which it keeps all the rest', () => {
    const evaluated = inEvalForm(bytes, 'training.onnx');
    const [norm, dropout] = readModel(evaluated, 'training.onnx').nodes;
    expect(norm).toMatchObject({ inputs: ['x', ...statistics], outputs: ['normal'] });
    expect(norm!.attributes).toEqual({ momentum: float(0.75) });
    expect(dropout!.inputs).toHaveLength(2);
    expect(readModel(evaluated, 'training.onnx').weights).toEqual(readModel(bytes, 'training.onnx').weights);
  });

  test('and then returned byte for byte, like any other in eval form', () => {
    const evaluated = inEvalForm(bytes, 'training.onnx');
    expect(inEvalForm(evaluated, 'training.onnx')).toBe(evaluated);
  });
});
