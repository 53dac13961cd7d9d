import { dataError } from '../core/errors.ts';
import type { GraphBuilder } from './builder.ts';
import { positiveAxis } from './dims.ts';
import {
  type Attribute,
  describeNode,
  type Graph,
  type GraphNode,
  int,
  numberAttribute,
  writtenOpset,
} from './graph.ts';
import { findOp } from './ops/index.ts';

/** Before this opset, element-wise operators broadcast by attributes. */
const oldestOpset = 7;
/** Since this opset, there is GatherElements, which picks a label's probability. */
const gatherOpset = 11;
/** Since this opset, Softmax works on one axis, and axes are an input of ReduceSum. */
const axesOpset = 13;

/** The attributes that have become inputs since, in the order of these; `ReduceSum` was the only reduction before opset 18. */
const attributesBecomeInputs: ReadonlyMap<string, readonly string[]> = new Map([
  ['Squeeze', ['axes']],
  ['Unsqueeze', ['axes']],
  ['ReduceSum', ['axes']],
  ['Split', ['split']],
  ['Slice', ['starts', 'ends', 'axes']],
  ['Pad', ['pads', 'value']],
  ['Clip', ['min', 'max']],
]);

function opsetOf(graph: Graph): number {
  return graph.opsets[''] ?? writtenOpset;
}

/** Whether nothing can be derived from a graph, as its operator set is too old. */
export function isTooOld(graph: Graph): boolean {
  return opsetOf(graph) < oldestOpset;
}

/**
 * The operator sets of a graph that holds `nodes` of `graph`, some of which may be unknown here and stand in it as they are:
 * its own ones where the loss head can be written in those, so that nothing changes its meaning.
 */
export function keptOpsets(graph: Graph, nodes: readonly GraphNode[], name: string): Readonly<Record<string, number>> {
  const unknown = nodes.filter((node) => findOp(node) === undefined);
  const opset = opsetOf(graph);
  if (unknown.length === 0 || isTooOld(graph)) return upgradedOpsets(graph, name);
  if (opset >= gatherOpset) return { ...graph.opsets, '': opset };
  const inner = unknown.find(({ attributes }) => Object.values(attributes).some(({ kind }) => kind === 'other'));
  if (inner !== undefined)
    throw dataError(
      `Cannot use "${name}": ${describeNode(inner)} holds a graph in ONNX opset ${opset}, export the model again with opset ${writtenOpset}`,
    );
  return { ...graph.opsets, '': axesOpset };
}

/** The operator sets of a graph derived from `graph`: those of the nodes that are added to it, or newer ones it uses. */
export function upgradedOpsets(graph: Graph, name: string): Readonly<Record<string, number>> {
  if (isTooOld(graph))
    throw dataError(
      `Cannot use "${name}": it is written in ONNX opset ${opsetOf(graph)}, export it again with opset ${writtenOpset} (${oldestOpset} is the oldest that ONNX Runtime runs)`,
    );
  return { ...graph.opsets, '': Math.max(opsetOf(graph), writtenOpset) };
}

/** `node` of `graph` as it is written in the operator set of `builder`, which holds its inputs. */
export function upgraded(builder: GraphBuilder, graph: Graph, node: GraphNode): GraphNode {
  if (node.domain !== '' || opsetOf(graph) >= axesOpset || builder.opset < axesOpset) return node;
  const data = node.inputs[0]!;
  if (node.op === 'Softmax' || node.op === 'LogSoftmax') {
    const rank = builder.type(data).dims.length;
    const axis = positiveAxis(numberAttribute(node, 'axis', 1), rank);
    if (axis !== rank - 1)
      throw dataError(
        `Cannot use ${describeNode(node)}: before opset ${axesOpset} it spans all axes from ${axis} on, export the model with opset ${writtenOpset}`,
      );
    return { ...node, attributes: { axis: int(axis) } };
  }
  const moved = attributesBecomeInputs.get(node.op) ?? [];
  if (!moved.some((name) => node.attributes[name] !== undefined)) return node;
  const inputs = moved.map((name) => inputFrom(builder, node.attributes[name]));
  const kept = Object.entries(node.attributes).filter(([name]) => !moved.includes(name));
  return { ...node, inputs: [data, ...withoutTail(inputs)], attributes: Object.fromEntries(kept) };
}

/** Whether `node` is written as no rule here reads it: with attributes that are inputs since opset 13. */
export function isOldForm({ domain, op, attributes }: GraphNode): boolean {
  return domain === '' && (attributesBecomeInputs.get(op) ?? []).some((name) => attributes[name] !== undefined);
}

/** A constant that holds what an attribute did; the empty name where there is none. */
function inputFrom(builder: GraphBuilder, attribute: Attribute | undefined): string {
  // "To the end" is more than a number here can hold.
  const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number;
  const inRange = (value: number) => Math.max(MIN_SAFE_INTEGER, Math.min(value, MAX_SAFE_INTEGER));
  if (attribute?.kind === 'ints') return builder.int64(attribute.value.map(inRange));
  return attribute?.kind === 'float' ? builder.scalar(attribute.value) : '';
}

function withoutTail(inputs: readonly string[]): readonly string[] {
  return inputs.slice(0, inputs.findLastIndex((input) => input !== '') + 1);
}
