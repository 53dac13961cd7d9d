import { float32, type Tensor } from '../core/tensor.ts';
import type { GraphBuilder, GroupGradientContext } from './builder.ts';
import { float, type Graph, type GraphNode } from './graph.ts';

// GELU as exporters write it, x (1 + erf(x / √2)) / 2 in five nodes, is a third of what a transformer's step does beside its
// products. Written for training it takes 10 passes over memory forward and backward, where the nodes one by one take 14.

/** The five nodes of a GELU. */
export interface Gelu {
  readonly x: string;
  readonly y: string;
  readonly nodes: readonly GraphNode[];
}

/** The GELUs among the nodes of a graph whose inner values nobody else uses, by each of their nodes. */
export function findGelus(graph: Graph, nodes: readonly GraphNode[]): ReadonlyMap<GraphNode, Gelu> {
  const users = new Map<string, GraphNode[]>();
  for (const node of nodes)
    for (const input of new Set(node.inputs)) users.set(input, [...(users.get(input) ?? []), node]);
  const kept = new Set(graph.outputs.map(({ name }) => name));
  /** The one node that uses what `node` computes, and its other input. */
  const next = (node: GraphNode | undefined, op: string) => {
    const [output] = node?.outputs ?? [];
    const [user, ...more] = output === undefined || kept.has(output) ? [] : (users.get(output) ?? []);
    if (user === undefined || more.length > 0 || user.op !== op || user.domain !== '') return undefined;
    return { node: user, other: user.inputs.find((input) => input !== output) };
  };
  const isNumber = (value: string | undefined, wanted: number) => {
    const tensor = value === undefined ? undefined : constantOf(graph, nodes, value);
    return tensor?.data.length === 1 && Math.abs(Number(tensor.data[0]) - wanted) < 1e-6;
  };
  const found = nodes.flatMap((node) => {
    const [x, divisor] = node.inputs as [string, string];
    if (node.op !== 'Div' || !isNumber(divisor, Math.SQRT2)) return [];
    const erf = next(node, 'Erf');
    const above = next(erf?.node, 'Add');
    const doubled = next(above?.node, 'Mul');
    const y = next(doubled?.node, 'Mul');
    if (y === undefined || !isNumber(above!.other, 1) || doubled!.other !== x || !isNumber(y.other, 0.5)) return [];
    const inside = [node, erf!.node, above!.node, doubled!.node, y.node];
    return [{ x, y: y.node.outputs[0]!, nodes: inside }];
  });
  return new Map(found.flatMap((gelu) => gelu.nodes.map((node) => [node, gelu] as const)));
}

function constantOf(graph: Graph, nodes: readonly GraphNode[], value: string): Tensor | undefined {
  const held = graph.weights.get(value);
  if (held !== undefined) return held;
  const { attributes } = nodes.find(({ op, outputs }) => op === 'Constant' && outputs[0] === value) ?? {};
  if (attributes?.value?.kind === 'tensor') return attributes.value.value;
  return attributes?.value_float?.kind === 'float' ? float32([attributes.value_float.value], []) : undefined;
}

/** log(1 / √(2π)) */
const logDensity = -0.9189385332046727;

/** Adds a GELU as x Φ(x), whose slope is Φ(x) + x φ(x). */
export function addGelu(b: GraphBuilder, { x, y }: Gelu): void {
  const gradient = ({ upstream: [dy], outputs }: GroupGradientContext) => {
    const [, scaled, share] = outputs as [string, string, string];
    const exponent = b.node('Sub', [b.scalar(logDensity), b.node('Mul', [scaled, scaled])]);
    const density = b.node('Exp', [exponent]);
    return [b.node('Mul', [dy!, b.node('Add', [share, b.node('Mul', [x, density])])])];
  };
  b.group({ kind: 'Gelu', inputs: [x], gradient }, () => {
    const scaled = b.node('Mul', [x, b.scalar(Math.SQRT1_2)]);
    // (1 + erf) / 2 in one pass.
    const share = b.node('HardSigmoid', [b.node('Erf', [scaled])], { alpha: float(0.5), beta: float(0.5) });
    return [b.node('Mul', [x, share], {}, { outputs: [y] }), scaled, share];
  });
}
