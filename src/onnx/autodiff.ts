import { dataError } from '../core/errors.ts';
import type { GraphBuilder } from './builder.ts';
import { describeNode, type GraphNode } from './graph.ts';
import { findOp, supportedOps } from './ops/index.ts';
import { readBy } from './subgraphs.ts';

/**
 * Writes the gradient of the scalar `loss` by each of `parameters` into the graph (reverse-mode automatic differentiation)
 * and returns the gradients' names by parameter. A parameter that the loss does not depend on is left out. Throws a data
 * error that names operator and node where the way leads through an operator without a gradient.
 */
export function differentiate(
  builder: GraphBuilder,
  loss: string,
  parameters: readonly string[],
): ReadonlyMap<string, string> {
  const forward = [...builder.steps];
  const reached = reachableFrom(forward, parameters, (value) => carriesGradient(builder, value));
  if (!reached.has(loss)) return new Map();
  const gradients = new Map([[loss, builder.scalar(1)]]);
  const accumulate = (value: string, gradient: string) => {
    const sum = gradients.get(value);
    gradients.set(value, sum === undefined ? gradient : builder.node('Add', [sum, gradient]));
  };
  for (const step of forward.reverse()) {
    const upstream = step.outputs.map((output) => gradients.get(output));
    if (upstream.every((gradient) => gradient === undefined)) continue;
    const wanted = (index: number) => reached.has(step.inputs[index] ?? '');
    if (!step.inputs.some((_, index) => wanted(index))) continue;
    const context = { builder, upstream, wanted, outputs: step.outputs };
    const node = step.nodes.at(-1)!;
    const byInput = step.gradient?.(context) ?? gradientOf(node)({ ...context, node });
    step.inputs.forEach((input, index) => {
      const gradient = byInput[index];
      if (gradient !== undefined && reached.has(input)) accumulate(input, gradient);
    });
  }
  return new Map(parameters.flatMap((name) => (gradients.has(name) ? [[name, gradients.get(name)!] as const] : [])));
}

/** Whole numbers and booleans have no gradient: shapes, that is, and comparisons. */
function carriesGradient(builder: GraphBuilder, value: string): boolean {
  return value !== '' && ['float32', 'float64', 'float16'].includes(builder.type(value).dtype);
}

/** The values that change when one of `sources` does, themselves included, as far as the way leads over those that `passes`. */
function reachableFrom(
  nodes: readonly Pick<GraphNode, 'inputs' | 'outputs'>[],
  sources: readonly string[],
  passes: (value: string) => boolean,
): ReadonlySet<string> {
  const reached = new Set(sources);
  for (const node of nodes) {
    if (!node.inputs.some((input) => reached.has(input))) continue;
    for (const output of node.outputs) if (passes(output)) reached.add(output);
  }
  return reached;
}

/** The values that `target` is computed from, itself included. */
export function reachingTo(nodes: readonly GraphNode[], target: string): ReadonlySet<string> {
  const reaching = new Set([target]);
  for (const node of [...nodes].reverse()) {
    if (node.outputs.some((output) => reaching.has(output))) for (const value of readBy(node)) reaching.add(value);
  }
  return reaching;
}

function gradientOf(node: GraphNode) {
  const gradient = findOp(node)?.gradient;
  if (gradient === undefined)
    throw dataError(
      `Cannot train through ${describeNode(node)}: the operator has no gradient here, expected one of ${supportedOps((op) => op.gradient !== undefined)}`,
    );
  return gradient;
}
