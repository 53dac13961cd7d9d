import type { GraphBuilder } from '../builder.ts';
import { type Graph, type GraphNode, int, ints } from '../graph.ts';
import { readBy } from '../subgraphs.ts';
import type { ConvolutionPlan } from './convolutionPlan.ts';

/** Where a run computes in float32 what its first examples give, the names of that. */
const prefix = 'rho/calibration/';

/**
 * Computes the first `examples` of a run in float32 beside the rest, and from that the largest magnitude of each value that is
 * rounded to 8 bits, a float32 number.
 */
export function writeRanges(
  b: GraphBuilder,
  graph: Graph,
  { ranged, typed }: ConvolutionPlan,
  examples: number,
): ReadonlyMap<string, string> {
  const batch = new Set(graph.inputs.filter(({ dims }) => typeof dims[0] === 'string').map(({ name }) => name));
  const first = new Map<string, string>();
  for (const node of neededFor(graph, ranged)) {
    if (!node.inputs.some((input) => batch.has(input) || first.has(input))) continue;
    for (const input of node.inputs)
      if (batch.has(input) && !first.has(input)) first.set(input, firstOf(b, input, examples));
    for (const output of node.outputs) if (output !== '') first.set(output, prefix + output);
    const inputs = node.inputs.map((input) => first.get(input) ?? input);
    const outputs = node.outputs.map((output) => first.get(output) ?? output);
    b.addUntyped({ ...node, name: outputs[0]!, inputs, outputs });
    for (const output of node.outputs) {
      const type = typed.typeOf(output);
      if (type !== undefined)
        b.declareType(prefix + output, {
          ...type,
          dims: type.dims.map((dim, axis) => (typeof dim === 'string' && axis === 0 ? examples : dim)),
        });
    }
  }
  // What is convolved first may be an input of the graph itself.
  for (const value of ranged) if (batch.has(value) && !first.has(value)) first.set(value, firstOf(b, value, examples));
  return new Map([...ranged].map((value) => [value, writeLargest(b, first.get(value) ?? value)]));
}

/** The first examples of an input of the graph, the last of them again where there are too few: so many that shapes are known. */
function firstOf(b: GraphBuilder, input: string, examples: number): string {
  const count = b.node('Gather', [b.node('Shape', [input]), b.int64([0])]);
  const places = b.int64(Array.from({ length: examples }, (_, i) => i));
  return b.node('Gather', [input, b.node('Min', [places, b.node('Sub', [count, b.int64([1])])])], { axis: int(0) });
}

/** The nodes that `values` are computed by, in order. */
function neededFor(graph: Graph, values: ReadonlySet<string>): readonly GraphNode[] {
  const needed = new Set(values);
  const nodes = graph.nodes.toReversed().filter((node) => {
    const isNeeded = node.outputs.some((output) => needed.has(output));
    if (isNeeded) for (const value of readBy(node)) needed.add(value);
    return isNeeded;
  });
  return nodes.reverse();
}

/** The largest magnitude of all numbers of a value. */
function writeLargest(b: GraphBuilder, value: string): string {
  return writeMost(b, b.node('Reshape', [b.node('Abs', [value]), b.int64([-1])]), 0, false);
}

/** ReduceMax over one axis. */
export function writeMost(b: GraphBuilder, value: string, axis: number, keep: boolean): string {
  const keepdims = int(keep ? 1 : 0);
  // ReduceMax takes its axes as an input since opset 18.
  return b.opset >= 18
    ? b.node('ReduceMax', [value, b.int64([axis])], { keepdims })
    : b.node('ReduceMax', [value], { axes: ints([axis]), keepdims });
}
