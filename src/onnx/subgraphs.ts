import type { GraphNode } from './graph.ts';
import type { GraphProto } from './proto/onnx_pb.ts';

/**
 * The values that a node reads: its inputs, and what the graphs inside it (the branches of an If, the body of a Loop) name.
 * These may hold values of their own too, which does no harm where what a value is computed from is asked for.
 */
export function readBy({ inputs, attributes }: GraphNode): readonly string[] {
  const inner = Object.values(attributes).flatMap((attribute) => {
    if (attribute.kind !== 'other') return [];
    const { g, graphs } = attribute.value;
    return [...(g ? [g] : []), ...graphs].flatMap(namedIn);
  });
  return inner.length === 0 ? inputs : [...inputs, ...inner];
}

function namedIn(graph: GraphProto): readonly string[] {
  const outputs = graph.output.map(({ name }) => name);
  const inner = graph.node.flatMap(({ input, attribute }) => [
    ...input,
    ...attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs].flatMap(namedIn)),
  ]);
  return [...outputs, ...inner];
}
