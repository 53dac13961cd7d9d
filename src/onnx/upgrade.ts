import { dataError } from '../core/errors.ts';
import type { GraphBuilder } from './builder.ts';
import { positiveAxis } from './dims.ts';
import {
  describeNode,
  type Graph,
  type GraphNode,
  int,
  intsAttribute,
  numberAttribute,
  writtenOpset,
} from './graph.ts';

/** Before this opset, element-wise operators broadcast by attributes. */
const oldestOpset = 7;
/** Since this opset, Softmax works on one axis, and axes are an input of ReduceSum. */
const axesOpset = 13;

/** Operators whose attributes have become inputs since. */
const changedOps: ReadonlySet<string> = new Set(['Squeeze', 'Unsqueeze', 'Split', 'Slice', 'Pad', 'Clip']);

function opsetOf(graph: Graph): number {
  return graph.opsets[''] ?? writtenOpset;
}

/** The operator sets of a graph derived from `graph`: those of the nodes that are added to it, or newer ones it uses. */
export function upgradedOpsets(graph: Graph, name: string): Readonly<Record<string, number>> {
  if (opsetOf(graph) < oldestOpset)
    throw dataError(
      `Cannot use "${name}": it is written in ONNX opset ${opsetOf(graph)}, export it again with opset ${writtenOpset}`,
    );
  return { ...graph.opsets, '': Math.max(opsetOf(graph), writtenOpset) };
}

/** `node` of `graph` as it is written in the operator set of `builder`, which holds its inputs. */
export function upgraded(builder: GraphBuilder, graph: Graph, node: GraphNode): GraphNode {
  if (node.domain !== '' || opsetOf(graph) >= axesOpset) return node;
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
  if (changedOps.has(node.op))
    throw dataError(
      `Cannot use ${describeNode(node)}: it was written otherwise before opset ${axesOpset}, export the model with opset ${writtenOpset}`,
    );
  const axes = intsAttribute(node, 'axes');
  if (node.op !== 'ReduceSum' || axes === undefined) return node;
  const { keepdims = int(1) } = node.attributes;
  return { ...node, inputs: [data, builder.int64(axes)], attributes: { keepdims } };
}
