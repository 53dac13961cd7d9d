import type { Step } from '../builder.ts';
import { productOf, sameDims } from '../dims.ts';
import type { Dim } from '../graph.ts';
import type { Layout } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { writeAffine } from './write.ts';

/** Operators that work on each number by itself, so that any layout suits them. */
export const elementwiseOps: readonly string[] = [
  ...['Add', 'Sub', 'Mul', 'Div', 'Neg', 'Abs', 'Sqrt', 'Exp', 'Log', 'Erf', 'Pow', 'Reciprocal', 'Identity', 'Cast'],
  ...['Relu', 'LeakyRelu', 'HardSigmoid', 'Sigmoid', 'Tanh', 'Clip', 'Where', 'Min', 'Max', 'Sign'],
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'And', 'Or', 'Not'],
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

/** A number for each channel, [1, C, 1, 1] or [C, 1, 1], added to a blocked value, taken from it or multiplied with it. */
function lowerPerChannel({ inputs, outputs, nodes }: Step, lowering: Lowering): boolean {
  const { b } = lowering;
  const dims = lowering.dims(outputs[0]!);
  const channels = Number(dims[1]);
  const isWhole = (value: string) =>
    sameDims(lowering.dims(value), dims) && lowering.layouts(value).includes('blocked');
  const isPerChannel = (value: string) => {
    const given = lowering.dims(value);
    return (
      dims.length === 4 && [3, 4].includes(given.length) && given.at(-3) === channels && productOf(given) === channels
    );
  };
  const x = inputs.find(isWhole);
  const other = inputs.find((value) => value !== x && isPerChannel(value));
  const { op } = nodes[0]!;
  if (x === undefined || other === undefined || (op === 'Sub' && x !== inputs[0])) return false;
  const row = b.node('Reshape', [lowering.in(other, 'plain'), b.int64([channels])]);
  const change = op === 'Mul' ? { scale: row } : { shift: op === 'Sub' ? b.node('Neg', [row]) : row };
  lowering.put(outputs[0]!, 'blocked', writeAffine(b, lowering.in(x, 'blocked'), change));
  return true;
}

export function lowerProduct(step: Step, lowering: Lowering): boolean {
  return lowerElementwise(step, lowering) || lowerPerChannel(step, lowering);
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
    if (!pending?.takesSum || !sameDims(lowering.dims(other), dims)) continue;
    const sum = lowering.in(other, 'blocked');
    lowering.putPending(output, { write: ({ relu }) => pending.write({ sum, relu: relu ?? false }), takesSum: false });
    return true;
  }
  return lowerElementwise(step, lowering) || lowerPerChannel(step, lowering);
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

function isScalar(dims: readonly Dim[]): boolean {
  return dims.every((dim) => dim === 1);
}
