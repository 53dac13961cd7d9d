import type { Step } from '../builder.ts';
import type { Dim } from '../graph.ts';
import type { Layout } from './layout.ts';
import type { Lowering } from './lowering.ts';

/** Operators that work on each number by itself, so that any layout suits them. */
export const elementwiseOps: readonly string[] = [
  ...['Add', 'Sub', 'Mul', 'Div', 'Neg', 'Abs', 'Sqrt', 'Exp', 'Log', 'Erf', 'Pow', 'Reciprocal', 'Identity', 'Cast'],
  ...['Relu', 'LeakyRelu', 'HardSigmoid', 'Sigmoid', 'Tanh', 'Clip', 'Where', 'Equal', 'Min', 'Max'],
];

const preference: readonly Layout[] = ['filters', 'fewFilters', 'blocked'];

export function lowerElementwise({ inputs, outputs, nodes }: Step, lowering: Lowering): boolean {
  const node = nodes[0]!;
  const dims = lowering.dims(outputs[0]!);
  const whole = (value: string) => value !== '' && sameDims(lowering.dims(value), dims);
  if (!inputs.every((value) => value === '' || whole(value) || isScalar(lowering.dims(value)))) return false;
  const there = new Set(inputs.filter(whole).flatMap((value) => lowering.layouts(value)));
  const layout = preference.find((wanted) => there.has(wanted));
  if (layout === undefined) return false;
  const from = inputs.map((value) => lowering.in(value, whole(value) ? layout : 'plain'));
  lowering.put(outputs[0]!, layout, lowering.b.node(node.op, from, node.attributes));
  return true;
}

/** A sum joins the convolution that one side is the result of. */
export function lowerAdd(step: Step, lowering: Lowering): boolean {
  const [left, right] = step.inputs as [string, string];
  const output = step.outputs[0]!;
  const dims = lowering.dims(output);
  for (const [value, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const pending = lowering.pending(value);
    if (!pending?.takesSum || value === other || !sameDims(lowering.dims(other), dims)) continue;
    const sum = lowering.in(other, 'blocked');
    lowering.putPending(output, { write: ({ relu }) => pending.write({ sum, relu: relu ?? false }), takesSum: false });
    return true;
  }
  return lowerElementwise(step, lowering);
}

/** A ReLU joins the convolution before it. */
export function lowerRelu(step: Step, lowering: Lowering): boolean {
  const pending = lowering.pending(step.inputs[0]!);
  if (pending === undefined) return lowerElementwise(step, lowering);
  lowering.put(step.outputs[0]!, 'blocked', pending.write({ relu: true }));
  return true;
}

/** A reduction of everything to one number does not mind in which order the numbers lie. */
export function lowerReduction({ inputs, outputs, nodes }: Step, lowering: Lowering): boolean {
  const [layout] = lowering.layouts(inputs[0]!);
  if (layout === undefined || inputs.length > 1 || lowering.dims(outputs[0]!).length > 0) return false;
  const node = nodes[0]!;
  lowering.put(outputs[0]!, 'plain', lowering.b.node(node.op, [lowering.in(inputs[0]!, layout)], node.attributes));
  return true;
}

function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

function isScalar(dims: readonly Dim[]): boolean {
  return dims.every((dim) => dim === 1);
}
