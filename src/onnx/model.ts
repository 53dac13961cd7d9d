import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { dataError, RhoError } from '../core/errors.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Attribute, Graph, GraphNode, GraphValue } from './graph.ts';
import { whatElse } from './notOnnx.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './proto/onnx_pb.ts';
import { dtypeOf, elementTypeOf, readTensor, setTensor, writeTensor } from './tensorProto.ts';

/** The ONNX format version that goes with the opset the project writes. */
const irVersion = 8n;

/**
 * The graph in the bytes of an .onnx file. `name` is what an error calls the file. Throws a data error for bytes that are
 * not an ONNX model, and for element types or weights that cannot be read.
 */
export function readModel(bytes: Uint8Array, name: string): Graph {
  const proto = parseModel(bytes, name);
  try {
    return readGraph(proto);
  } catch (error) {
    if (error instanceof RhoError) throw dataError(`Cannot read "${name}": ${error.message}`);
    throw error;
  }
}

/** The bytes of an .onnx file that holds `graph`. */
export function writeModel(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion,
      producerName: 'rho-loss',
      opsetImport: Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version: BigInt(version) })),
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name: graph.name,
        input: graph.inputs.map(writeValue),
        output: graph.outputs.map(writeValue),
        initializer: [...graph.weights].map(([weight, tensor]) => writeTensor(weight, tensor)),
        node: graph.nodes.map(writeNode),
      },
      functions: [...(graph.functions ?? [])],
    }),
  );
}

/**
 * The bytes of the same .onnx file with other numbers in the weights named; everything else stays as it was, what this
 * project does not understand included.
 */
export function replaceWeights(
  bytes: Uint8Array,
  name: string,
  weights: ReadonlyMap<string, Tensor>,
): Uint8Array<ArrayBuffer> {
  const proto = parseModel(bytes, name);
  const replace = (old: TensorProto | undefined, weight: string) => {
    const tensor = weights.get(weight);
    if (old !== undefined && tensor !== undefined) setTensor(old, tensor);
  };
  const { initializer, node } = proto.graph!;
  for (const tensor of initializer) replace(tensor, tensor.name);
  for (const { opType, attribute, output } of node)
    if (opType === 'Constant') replace(attribute.find(({ name }) => name === 'value')?.t, output[0]!);
  return toBinary(ModelProtoSchema, proto);
}

/** Where the numbers of some initialisers begin in the bytes of an .onnx file that `writeModel` made. */
export function weightPlaces(bytes: Uint8Array, names: ReadonlySet<string>): ReadonlyMap<string, number> {
  const { initializer } = parseModel(bytes, 'model').graph!;
  // What is read of raw data is a view of the file.
  const places = initializer.map(({ name, rawData }) => [name, rawData.byteOffset - bytes.byteOffset] as const);
  return new Map(places.filter(([name]) => names.has(name)));
}

/**
 * The same .onnx file in eval form: BatchNormalization by its running statistics and Dropout inert, where an export in
 * training mode has them otherwise. A file that is in eval form already is returned as it is, byte for byte.
 */
export function inEvalForm(bytes: Uint8Array, name: string): Uint8Array {
  const proto = parseModel(bytes, name);
  let changed = false;
  for (const node of proto.graph!.node) {
    if (node.domain !== '' && node.domain !== 'ai.onnx') continue;
    // Training mode is an attribute since opset 14; before it was told by the outputs for the statistics.
    const mode = node.attribute.findIndex((attribute) => attribute.name === 'training_mode');
    if (node.opType === 'BatchNormalization' && (mode >= 0 || node.output.length > 1)) {
      if (mode >= 0) node.attribute.splice(mode, 1);
      node.output.length = 1;
      changed = true;
    }
    if (node.opType === 'Dropout' && node.input.length > 2) {
      node.input.length = 2;
      changed = true;
    }
  }
  return changed ? toBinary(ModelProtoSchema, proto) : bytes;
}

/** The file as its schema has it. Throws a data error that says what the bytes are instead of an ONNX model. */
export function parseModel(bytes: Uint8Array, name: string): ModelProto {
  if (bytes.length === 0) throw dataError(`Cannot read "${name}": it is empty; export or fetch the model again`);
  let proto: ModelProto | undefined;
  try {
    proto = fromBinary(ModelProtoSchema, bytes);
  } catch {
    // Not protobuf at all: the same answer as for a protobuf of another kind.
  }
  if (proto?.graph === undefined || proto.graph.node.length === 0 || proto.opsetImport.length === 0)
    throw dataError(`Cannot read "${name}": ${whatElse(bytes)}`);
  return proto;
}

function readGraph(proto: ModelProto): Graph {
  const graph = proto.graph!;
  const [sparse] = graph.sparseInitializer;
  if (sparse !== undefined)
    throw dataError(`its weight "${sparse.values?.name ?? ''}" is sparse, export the model with dense weights`);
  const { weights, nodes } = withConstantWeights(
    new Map(graph.initializer.map((tensor) => [tensor.name, readTensor(tensor)])),
    graph.node.map(readNode),
  );
  const outputs = graph.output.map((value) => (holdsNumbers(value) ? readOutput(value) : value.name));
  const others = outputs.filter((output) => typeof output === 'string');
  return {
    name: graph.name,
    opsets: Object.fromEntries(
      proto.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, Number(version)]),
    ),
    // Files of IR version 3 list their weights among the inputs too.
    inputs: graph.input.filter((value) => !weights.has(value.name)).map(readValue),
    outputs: outputs.filter((output) => typeof output !== 'string'),
    weights,
    nodes,
    ...(proto.functions.length > 0 && { functions: proto.functions }),
    ...(others.length > 0 && { otherOutputs: others }),
  };
}

/** Whether a value can be told as a tensor of numbers: classifiers made for tables give maps and texts besides. */
function holdsNumbers({ type }: ValueInfoProto): boolean {
  if (type?.value.case === undefined) return true;
  return type.value.case === 'tensorType' && type.value.value.elemType !== TensorProto_DataType.STRING;
}

/** The inputs that hold weights of these operators, by their places. */
const weightInputs: ReadonlyMap<string, readonly number[]> = new Map([
  ['Conv', [1, 2]],
  ['ConvTranspose', [1, 2]],
  ['Gemm', [1, 2]],
  ['MatMul', [0, 1]],
  ['BatchNormalization', [1, 2, 3, 4]],
  ['LayerNormalization', [1, 2]],
  ['Gather', [0]],
]);

/**
 * Some exporters write weights as Constant nodes: those that are float32, not a single number, and stand where an operator has
 * its weights, are taken for initialisers, so that they can be trained. `replaceWeights` finds them in the file.
 */
function withConstantWeights(
  weights: Map<string, Tensor>,
  nodes: readonly GraphNode[],
): Pick<Graph, 'weights' | 'nodes'> {
  const used = new Set(
    nodes.flatMap(({ op, domain, inputs }) =>
      domain === '' ? (weightInputs.get(op) ?? []).map((index) => inputs[index] ?? '') : [],
    ),
  );
  const left = nodes.filter(({ op, domain, outputs, attributes: { value } }) => {
    const isWeight =
      op === 'Constant' &&
      domain === '' &&
      used.has(outputs[0]!) &&
      value?.kind === 'tensor' &&
      value.value.dtype === 'float32' &&
      value.value.dims.length > 0;
    if (isWeight) weights.set(outputs[0]!, value.value);
    return !isWeight;
  });
  return { weights, nodes: left };
}

/** An output may lack its type, which is that of logits then. */
function readOutput(proto: ValueInfoProto): GraphValue {
  return proto.type?.value.case === undefined ? { name: proto.name, dtype: 'float32', dims: [] } : readValue(proto);
}

function readValue(proto: ValueInfoProto): GraphValue {
  const type = proto.type?.value;
  if (type?.case !== 'tensorType')
    throw dataError(`"${proto.name}" is a ${type?.case ?? 'value without a type'}, expected a tensor`);
  const dims = type.value.shape?.dim.map(({ value }, axis) => {
    if (value.case === 'dimValue') return Number(value.value);
    return value.case === 'dimParam' && value.value !== '' ? value.value : `${proto.name}.${axis}`;
  });
  return { name: proto.name, dtype: dtypeOf(type.value.elemType, `"${proto.name}"`), dims: dims ?? [] };
}

function writeValue(value: GraphValue): ValueInfoProto {
  const dim = value.dims.map((size) => ({
    value:
      typeof size === 'number'
        ? ({ case: 'dimValue', value: BigInt(size) } as const)
        : ({ case: 'dimParam', value: size } as const),
  }));
  return create(ValueInfoProtoSchema, {
    name: value.name,
    type: { value: { case: 'tensorType', value: { elemType: elementTypeOf(value.dtype), shape: { dim } } } },
  });
}

function readNode(proto: NodeProto): GraphNode {
  return {
    name: proto.name,
    op: proto.opType,
    domain: proto.domain === 'ai.onnx' ? '' : proto.domain,
    inputs: proto.input,
    outputs: proto.output,
    attributes: Object.fromEntries(proto.attribute.map((attribute) => [attribute.name, readAttribute(attribute)])),
  };
}

function writeNode(node: GraphNode): NodeProto {
  return create(NodeProtoSchema, {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, attribute]) => writeAttribute(name, attribute)),
  });
}

const utf8 = new TextDecoder();
const toUtf8 = new TextEncoder();

function readAttribute(proto: AttributeProto): Attribute {
  switch (proto.type) {
    case Kind.INT:
      return { kind: 'int', value: Number(proto.i) };
    case Kind.FLOAT:
      return { kind: 'float', value: proto.f };
    case Kind.INTS:
      return { kind: 'ints', value: proto.ints.map(Number) };
    case Kind.FLOATS:
      return { kind: 'floats', value: proto.floats };
    case Kind.STRING:
      return { kind: 'string', value: utf8.decode(proto.s) };
    case Kind.STRINGS:
      return { kind: 'strings', value: proto.strings.map((text) => utf8.decode(text)) };
    case Kind.TENSOR:
      if (proto.t === undefined) throw dataError(`The attribute "${proto.name}" holds no tensor, expected one`);
      return { kind: 'tensor', value: readTensor(proto.t) };
    default:
      return { kind: 'other', value: proto };
  }
}

/** 2^63 - 1, with which exporters say "to the end", is 2^63 once it is a number. */
function asInt64(value: number): bigint {
  return value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value);
}

function writeAttribute(name: string, attribute: Attribute): AttributeProto {
  const of = (fields: Partial<AttributeProto>) => create(AttributeProtoSchema, { name, ...fields } as AttributeProto);
  switch (attribute.kind) {
    case 'int':
      return of({ type: Kind.INT, i: asInt64(attribute.value) });
    case 'float':
      return of({ type: Kind.FLOAT, f: attribute.value });
    case 'ints':
      return of({ type: Kind.INTS, ints: attribute.value.map(asInt64) });
    case 'floats':
      return of({ type: Kind.FLOATS, floats: [...attribute.value] });
    case 'string':
      return of({ type: Kind.STRING, s: toUtf8.encode(attribute.value) });
    case 'strings':
      return of({ type: Kind.STRINGS, strings: attribute.value.map((text) => toUtf8.encode(text)) });
    case 'tensor':
      return of({ type: Kind.TENSOR, t: writeTensor('', attribute.value) });
    case 'other':
      return attribute.value;
  }
}
