import { positiveAxis } from '../dims.ts';
import { intsAttribute, numberAttribute } from '../graph.ts';
import { numbersOf, type Rule, type RuleContext } from './rule.ts';
import {
  type Axis,
  broadcastAxes,
  isConstant,
  isHiddenAt,
  isLone,
  isPlain,
  isSame,
  isZeroAt,
  type Positions,
  type Value,
  withPositions,
} from './value.ts';

/** Since this opset, Softmax works on one axis. */
const oneAxisOpset = 13;

/** The rules of operators that bring the numbers along an axis together. */
export const contractingRules: Readonly<Record<string, Rule>> = {
  MatMul({ inputs: [a, b] }) {
    const product = a && b && productOf(a, b);
    return product && [product];
  },

  Gemm({ node, inputs: [a, b, c] }) {
    const turned = (value: Value | undefined, name: string) =>
      value && numberAttribute(node, name, 0) !== 0 ? { ...value, axes: [...value.axes].reverse() } : value;
    const [left, right] = [turned(a, 'transA'), turned(b, 'transB')];
    const product = left && right && productOf(left, right);
    if (product === undefined) return undefined;
    const isScaled = ['alpha', 'beta'].some((name) => numberAttribute(node, name, 1) !== 1);
    const values = [product, ...(c === undefined ? [] : [c])];
    const axes = broadcastAxes(
      values.map((value) => value.axes),
      () => ({}),
    );
    return axes && [{ axes, isMild: !isScaled && values.every(({ isMild }) => isMild), sign: 0 }];
  },

  Softmax: (context) => softmax(context, 1),
  LogSoftmax: (context) => softmax(context, 0),

  LayerNormalization({ node, inputs: [value, ...scales] }) {
    if (value === undefined || !scales.every((scale) => scale === undefined || isConstant(scale))) return undefined;
    const from = positiveAxis(numberAttribute(node, 'axis', -1), value.axes.length);
    if (!value.axes.slice(from).every(isPlain)) return undefined;
    const isMild = value.isMild && scales.every((scale) => scale === undefined || scale.isMild);
    // One output: its statistics are left to themselves.
    return node.outputs.length === 1 ? [{ axes: plain(value.axes), isMild, sign: 0 }] : undefined;
  },

  ReduceSum: (context) =>
    reduced(context, isZeroAt, (value, positions) => {
      // Every text that is cut has a token that is present.
      const isCount = positions.some(
        ({ levels }) => levels !== undefined && levels.present > 0 && levels.padding === 0,
      );
      return isCount ? 2 : value.sign;
    }),
  ReduceSumSquare: (context) => reduced(context, isZeroAt, () => 1),
  ReduceMean: (context) =>
    reduced(
      context,
      () => false,
      ({ sign }) => sign,
    ),
  ReduceMax: (context) =>
    reduced(
      context,
      (_, positions) => isHiddenAt(positions),
      ({ sign }) => sign,
    ),

  ArgMax({ node, inputs: [value] }) {
    if (value === undefined) return undefined;
    const at = positiveAxis(numberAttribute(node, 'axis', 0), value.axes.length);
    if (!isPlain(value.axes[at])) return undefined;
    return [
      { axes: without(plain(value.axes), [at], numberAttribute(node, 'keepdims', 1) !== 0), isMild: false, sign: 1 },
    ];
  },
};

/** The axes of a result of whose numbers at padding nothing is known. */
function plain(axes: readonly Axis[]): readonly Axis[] {
  return withPositions(axes, () => ({}));
}

function without(axes: readonly Axis[], gone: readonly number[], isKept: boolean): readonly Axis[] {
  return axes.flatMap((axis, i) => (gone.includes(i) ? (isKept ? [[]] : []) : [axis]));
}

/** A matrix product, of matrices at least. */
function productOf(a: Value, b: Value): Value | undefined {
  if (a.axes.length < 2 || b.axes.length < 2) return undefined;
  const [row, inner] = a.axes.slice(-2) as [Axis, Axis];
  const [otherInner, column] = b.axes.slice(-2) as [Axis, Axis];
  if (!isSame(inner, otherInner)) return undefined;
  const isAnywhereZero = (positions: readonly (Positions | undefined)[]) =>
    (isZeroAt(a, positions[0]) && b.isMild) || (isZeroAt(b, positions[1]) && a.isMild);
  if (!isPlain(inner)) {
    // What is added up at padding has to be 0.
    const isLeftOut = isLone(inner) && isAnywhereZero([inner[0] as Positions, otherInner[0] as Positions]);
    if (!isLeftOut) return undefined;
  }
  const batches = broadcastAxes([a.axes.slice(0, -2), b.axes.slice(0, -2)], (positions) => ({
    isZero: isAnywhereZero(positions),
  }));
  if (batches === undefined) return undefined;
  const rows = withPositions([row], (positions) => ({ isZero: isZeroAt(a, positions) && b.isMild }));
  const columns = withPositions([column], (positions) => ({ isZero: isZeroAt(b, positions) && a.isMild }));
  return { axes: [...batches, ...rows, ...columns], isMild: a.isMild && b.isMild, sign: 0 };
}

function softmax({ node, inputs: [value], opset }: RuleContext, sign: Value['sign']): readonly Value[] | undefined {
  if (value === undefined) return undefined;
  const { length } = value.axes;
  const at = positiveAxis(numberAttribute(node, 'axis', opset < oneAxisOpset ? 1 : -1), length);
  if (opset < oneAxisOpset && at !== length - 1) return undefined;
  const axis = value.axes[at];
  const axes = plain(value.axes);
  if (isPlain(axis)) return [{ axes, isMild: value.isMild, sign }];
  // Hidden padding gets nothing; the logarithm of that is another matter.
  if (!isLone(axis) || !isHiddenAt(axis[0]) || node.op !== 'Softmax') return undefined;
  return [{ axes: axes.with(at, [{ isZero: true }]), isMild: true, sign }];
}

/** A value whose plain axes may be reduced, and that of the positions where `isLeftOut` holds of it. */
function reduced(
  context: RuleContext,
  isLeftOut: (value: Value, positions: Positions) => boolean,
  sign: (value: Value, positions: readonly Positions[]) => Value['sign'],
): readonly Value[] | undefined {
  const { node, inputs } = context;
  const [value] = inputs;
  const given = inputs[1] === undefined ? intsAttribute(node, 'axes') : numbersOf(context, 1);
  // Without axes, texts are brought together.
  if (value === undefined || given === undefined || given.length === 0) return undefined;
  const gone = given.map((axis) => positiveAxis(axis, value.axes.length));
  const lone = gone.map((axis) => value.axes[axis]).filter((axis) => !isPlain(axis));
  if (!lone.every(isLone)) return undefined;
  const positions = lone.map(([factor]) => factor);
  if (!positions.every((at) => isLeftOut(value, at))) return undefined;
  // Sums and the largest of zeros are 0.
  const axes = withPositions(value.axes, (at) => ({ isZero: isZeroAt(value, at) }));
  const isMild = value.isMild || (node.op === 'ReduceMax' && positions.length === 1);
  return [
    {
      axes: without(axes, gone, numberAttribute(node, 'keepdims', 1) !== 0),
      isMild,
      sign: sign(value, positions),
    },
  ];
}
