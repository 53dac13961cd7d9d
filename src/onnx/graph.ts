import type { Dtype, Tensor } from '../core/tensor.ts';
import type { AttributeProto, FunctionProto } from './proto/onnx_pb.ts';

/** A size, or the name of one that is only known when the graph runs, such as the batch. */
export type Dim = number | string;

export interface ValueType {
  readonly dtype: Dtype;
  readonly dims: readonly Dim[];
}

export interface GraphValue extends ValueType {
  readonly name: string;
}

/** An ONNX attribute; `other` carries the kinds that nothing here looks into, such as subgraphs, unchanged. */
export type Attribute =
  | { readonly kind: 'int' | 'float'; readonly value: number }
  | { readonly kind: 'ints' | 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'other'; readonly value: AttributeProto };

export type Attributes = Readonly<Record<string, Attribute>>;

/** One operator call. An optional input that is left out is the empty string, as in ONNX. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** '' for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** An ONNX graph as plain data. `weights` are the initialisers; nodes stand in topological order. */
export interface Graph {
  readonly name: string;
  /** Operator set versions by domain; '' is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly GraphNode[];
  /** Functions that the file defines itself, which its nodes call as operators; carried along unchanged. Absent: none. */
  readonly functions?: readonly FunctionProto[];
  /** Outputs that are no tensors of numbers, such as the maps of a ZipMap. Absent: none. */
  readonly otherOutputs?: readonly string[];
}

/** The operator set that the project writes: what ONNX Runtime 1.12 and PyTorch 2.0 read and newer. */
export const writtenOpset = 17;

/** The attribute `name` of `node` if it is an int or a float, else `fallback`. */
export function numberAttribute(node: GraphNode, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === 'int' || attribute?.kind === 'float' ? attribute.value : fallback;
}

/** The attribute `name` of `node` if it is a list of ints. */
export function intsAttribute(node: GraphNode, name: string): readonly number[] | undefined {
  const attribute = node.attributes[name];
  return attribute?.kind === 'ints' ? attribute.value : undefined;
}

/** The attribute `name` of `node` if it is a string, else `fallback`. */
export function stringAttribute(node: GraphNode, name: string, fallback: string): string {
  const attribute = node.attributes[name];
  return attribute?.kind === 'string' ? attribute.value : fallback;
}

export function int(value: number): Attribute {
  return { kind: 'int', value };
}

export function float(value: number): Attribute {
  return { kind: 'float', value };
}

export function ints(value: readonly number[]): Attribute {
  return { kind: 'ints', value };
}

export function string(value: string): Attribute {
  return { kind: 'string', value };
}

/** How an error names a node: its operator and the node's own name. */
export function describeNode(node: GraphNode): string {
  return `${node.op} (node "${node.name || node.outputs[0]}")`;
}
