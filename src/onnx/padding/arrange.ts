import { positiveAxis, productOf, quotientOf } from '../dims.ts';
import { type Dim, intsAttribute, numberAttribute } from '../graph.ts';
import { listOf, numbersOf, type Rule, type RuleContext } from './rule.ts';
import {
  type Axis,
  axisOf,
  batchSize,
  broadcastAxes,
  type Factor,
  factorOf,
  isLone,
  isPlain,
  isPositions,
  isSame,
  isWholeSize,
  isZeroAt,
  ofElements,
  sizeOf,
  type Value,
  withPositions,
} from './value.ts';

/** The rules of operators that put the numbers of a value in other places. */
export const arrangingRules: Readonly<Record<string, Rule>> = {
  Reshape(context) {
    const [value] = context.inputs;
    const sizes = listOf(context, 1);
    // Where 0 is a size and not that of the input, nobody means it.
    if (value === undefined || sizes === undefined || numberAttribute(context.node, 'allowzero', 0) !== 0)
      return undefined;
    return regrouped(value, wantedSizes(value.axes, sizes));
  },

  Flatten({ node, inputs: [value] }) {
    if (value === undefined) return undefined;
    const axis = positiveAxis(numberAttribute(node, 'axis', 1), value.axes.length);
    const axes = [value.axes.slice(0, axis).flat(), value.axes.slice(axis).flat()];
    return [{ ...value, axes: axes.map(axisOf), elements: undefined }];
  },

  Transpose({ node, inputs: [value] }) {
    if (value === undefined) return undefined;
    const order = intsAttribute(node, 'perm') ?? [...value.axes.keys()].reverse();
    const axes = order.map((axis) => value.axes[axis]);
    return axes.every((axis) => axis !== undefined) ? [{ ...value, axes }] : undefined;
  },

  Unsqueeze(context) {
    const [value] = context.inputs;
    const given = axesOf(context);
    if (value === undefined || given === undefined) return undefined;
    const rank = value.axes.length + given.length;
    const added = new Set(given.map((axis) => positiveAxis(axis, rank)));
    const left = [...value.axes];
    return [
      rearranged(
        value,
        Array.from({ length: rank }, (_, axis) => (added.has(axis) ? [] : left.shift()!)),
      ),
    ];
  },

  Squeeze(context) {
    const [value] = context.inputs;
    const given = axesOf(context);
    // Without axes, one of any length goes where there is one token.
    if (value === undefined || given === undefined) return undefined;
    const gone = new Set(given.map((axis) => positiveAxis(axis, value.axes.length)));
    if ([...gone].some((axis) => value.axes[axis]?.length !== 0)) return undefined;
    return [
      rearranged(
        value,
        value.axes.filter((_, axis) => !gone.has(axis)),
      ),
    ];
  },

  Expand(context) {
    const [value] = context.inputs;
    const sizes = listOf(context, 1);
    if (value === undefined || sizes === undefined) return undefined;
    const wanted = sizes.map((size, i) => {
      const axis = value.axes[i - sizes.length + value.axes.length] ?? [];
      return axis.length > 0 && sizeOf(axis) === size ? axis : madeAxis(size);
    });
    if (!wanted.every((axis) => axis !== undefined)) return undefined;
    const axes = broadcastAxes([value.axes, wanted], ([at]) => at ?? {});
    return axes && [{ ...value, axes, elements: undefined }];
  },

  Gather(context) {
    const [value, index] = context.inputs;
    if (value === undefined || index === undefined) return undefined;
    const at = positiveAxis(numberAttribute(context.node, 'axis', 0), value.axes.length);
    const axis = value.axes[at];
    const picked = numbersOf(context, 1);
    if (!isPlain(axis)) {
      // The first token is there however short a text is.
      const isFirst = isLone(axis) && picked?.every((position) => position === 0);
      if (!isFirst) return undefined;
    }
    const before = value.axes.slice(0, at);
    const axes = [...before, ...withPositions(index.axes, () => ({})), ...value.axes.slice(at + 1)];
    const { elements, isMild, sign } = value;
    if (elements !== undefined && picked !== undefined && axes.length <= 1) {
      const numbers = picked.map((position) => elements.at(position));
      return numbers.every((number) => number !== undefined) ? [ofElements(numbers, axes)] : undefined;
    }
    return [{ axes, uniform: value.uniform, isMild, sign }];
  },

  GatherElements({ node, inputs: [value, index] }) {
    if (value === undefined || index === undefined || value.axes.length !== index.axes.length) return undefined;
    const at = positiveAxis(numberAttribute(node, 'axis', 0), value.axes.length);
    const isInPlace = value.axes.every((axis, i) => (i === at ? isPlain(axis) : isSame(axis, index.axes[i]!)));
    if (!isInPlace || !isPlain(index.axes[at])) return undefined;
    return [{ axes: withPositions(index.axes, () => ({})), isMild: value.isMild, sign: value.sign }];
  },

  Slice(context) {
    const [value] = context.inputs;
    const [starts, ends] = [numbersOf(context, 1), listOf(context, 2)];
    if (value === undefined || starts === undefined || ends === undefined) return undefined;
    const given = context.inputs[3] === undefined ? [...starts.keys()] : numbersOf(context, 3);
    const steps = context.inputs[4] === undefined ? starts.map(() => 1) : numbersOf(context, 4);
    if (given === undefined || steps === undefined) return undefined;
    const axes: (Axis | undefined)[] = [...value.axes];
    given.forEach((number, i) => {
      const axis = positiveAxis(number, axes.length);
      const size = context.dims[0]![axis]!;
      axes[axis] = slicedAxis(value.axes[axis], { start: starts[i]!, end: ends[i]!, step: steps[i]!, size }, context);
    });
    if (!axes.every((axis) => axis !== undefined)) return undefined;
    const [start, end, step] = [starts[0], ends[0], steps[0]];
    if (value.elements !== undefined && axes.length === 1 && step === 1 && typeof end === 'number')
      return [ofElements(value.elements.slice(start, end), axes)];
    return [{ ...value, axes, elements: undefined }];
  },

  Split({ node, inputs: [value], dims }) {
    if (value === undefined) return undefined;
    const at = positiveAxis(numberAttribute(node, 'axis', 0), value.axes.length);
    if (!isPlain(value.axes[at])) return undefined;
    return dims.map((sizes) => ({
      ...value,
      axes: value.axes.with(at, axisOf([sizes[at] as number])),
      elements: undefined,
    }));
  },

  Concat({ node, inputs, dims }) {
    const values = inputs as readonly Value[];
    const rank = values[0]?.axes.length;
    if (rank === undefined || values.some((value) => value?.axes.length !== rank)) return undefined;
    const at = positiveAxis(numberAttribute(node, 'axis', 0), rank);
    if (!values.every(({ axes }) => isPlain(axes[at]))) return undefined;
    const lists = values.map(({ elements }) => elements);
    const whole = axisOf([dims[0]![at] as number]);
    if (rank === 1 && lists.every((list) => list !== undefined)) return [ofElements(lists.flat(), [whole])];
    const [first] = values as readonly [Value];
    const isAligned = values.every(({ axes }) => axes.every((axis, i) => i === at || isSame(axis, first.axes[i]!)));
    if (!isAligned) return undefined;
    // All of one size but along the axis.
    const others = values.map(({ axes }) => axes.with(at, []));
    const axes = broadcastAxes(others, (positions) => ({
      isZero: values.every((value, i) => isZeroAt(value, positions[i])),
    }));
    const sign = Math.min(...values.map((value) => value.sign)) as Value['sign'];
    return axes && [{ axes: axes.with(at, whole), isMild: values.every(({ isMild }) => isMild), sign }];
  },

  Shape({ node, inputs: [value] }) {
    if (value === undefined) return undefined;
    const { length } = value.axes;
    const sizes = value.axes.map(sizeOf).slice(numberAttribute(node, 'start', 0), numberAttribute(node, 'end', length));
    return [ofElements(sizes, [axisOf([sizes.length])])];
  },

  ConstantOfShape(context) {
    const sizes = listOf(context, 0);
    const axes = sizes?.map(madeAxis);
    const { value } = context.node.attributes;
    const filling = value === undefined ? 0 : value.kind === 'tensor' ? Number(value.value.data[0]) : undefined;
    if (!axes?.every((axis) => axis !== undefined) || filling === undefined || context.dtype === 'float16')
      return undefined;
    const made = ofElements([filling], axes);
    const isList = axes.length === 1 && typeof sizes![0] === 'number';
    return isList
      ? [ofElements(new Array<number>(sizes![0] as number).fill(filling), axes)]
      : [{ ...made, elements: undefined }];
  },

  Range(context) {
    const [start, limit, step] = [0, 1, 2].map((index) => listOf(context, index)?.[0]);
    const made = limit === undefined ? undefined : factorOf(limit);
    // 0, 1, … up to the last token; the examples of a batch have no numbers.
    if (start !== 0 || step !== 1 || made === undefined || !isPositions(made)) return undefined;
    return [{ axes: [[made]], isMild: false, sign: 1 }];
  },

  CumSum(context) {
    const [value] = context.inputs;
    const at = numbersOf(context, 1)?.[0];
    if (value === undefined || at === undefined) return undefined;
    const axis = value.axes[positiveAxis(at, value.axes.length)];
    // From the front, a token is told nothing of those behind it.
    const isFromFront = isLone(axis) && numberAttribute(context.node, 'reverse', 0) === 0;
    if (!isPlain(axis) && !isFromFront) return undefined;
    return [{ axes: withPositions(value.axes, () => ({})), isMild: false, sign: value.sign > 0 ? 1 : 0 }];
  },
};

function axesOf(context: RuleContext): readonly number[] | undefined {
  return context.inputs[1] === undefined ? intsAttribute(context.node, 'axes') : numbersOf(context, 1);
}

/** A value with its axes in a row as before, but for those of size 1. */
function rearranged(value: Value, axes: readonly Axis[]): Value {
  return { ...value, axes, elements: axes.length > 1 ? undefined : value.elements };
}

/** An axis of `size` along which all numbers are the same, so that it does not matter in what order it counts. */
function madeAxis(size: Dim): Axis | undefined {
  const factor = factorOf(size);
  if (factor !== undefined) return axisOf([factor]);
  const perText = quotientOf(size, batchSize);
  return typeof perText === 'number' && Number.isInteger(perText) ? [batchSize, perText] : undefined;
}

/** The sizes of a Reshape, without 0 and -1. */
function wantedSizes(axes: readonly Axis[], sizes: readonly Dim[]): readonly Dim[] | undefined {
  const copied = sizes.map((size, i) => (size === 0 ? (axes[i] === undefined ? undefined : sizeOf(axes[i])) : size));
  if (!copied.every((size) => size !== undefined)) return undefined;
  const given = copied.filter((size) => size !== -1);
  if (given.length === copied.length) return copied;
  const rest = quotientOf(productOf(axes.map(sizeOf)), productOf(given));
  return rest === undefined ? undefined : copied.map((size) => (size === -1 ? rest : size));
}

/** A value whose factors, in the order they are in, make axes of these sizes; undefined where a size ends inside a factor. */
function regrouped(value: Value, sizes: readonly Dim[] | undefined): readonly Value[] | undefined {
  const left = value.axes.flat();
  const axes = sizes?.map((size) => takeAxis(left, size));
  if (!axes?.every((axis) => axis !== undefined) || axisOf(left).length > 0) return undefined;
  return [rearranged(value, axes)];
}

/** Takes the factors that make `size` from the front of `left`. */
function takeAxis(left: Factor[], size: Dim): Axis | undefined {
  const taken: Factor[] = [];
  let rest: Dim | undefined = size;
  while (rest !== 1) {
    const factor = left.shift();
    if (factor === undefined || rest === undefined) return undefined;
    if (typeof factor === 'number' && typeof rest === 'number' && rest < factor) {
      if (rest < 1 || factor % rest !== 0) return undefined;
      left.unshift(factor / rest);
      taken.push(rest);
      break;
    }
    taken.push(factor);
    rest = quotientOf(rest, sizeOf([factor]));
    if (rest !== undefined && !isWholeSize(rest)) return undefined;
  }
  return axisOf(taken);
}

interface Cut {
  readonly start: number;
  readonly end: Dim;
  readonly step: number;
  /** What is left of a plain axis. */
  readonly size: Dim;
}

/** Past the end of every axis. */
const farEnd = 2 ** 31 - 1;

function slicedAxis(
  axis: Axis | undefined,
  { start, end, step, size }: Cut,
  { longest }: RuleContext,
): Axis | undefined {
  if (axis === undefined) return undefined;
  const isFromStart = start === 0 && step === 1;
  if (isPlain(axis)) {
    if (typeof end === 'number') return axisOf([size as number]);
    const made = factorOf(end);
    // As many rows of a table as a text has tokens.
    const isLongEnough = Number(sizeOf(axis)) >= longest;
    return isFromStart && isLongEnough && made !== undefined && isPositions(made) ? [made] : undefined;
  }
  if (!isFromStart) return undefined;
  if (end === sizeOf(axis) || (typeof end === 'number' && end >= farEnd)) return axis;
  if (!isLone(axis)) return undefined;
  if (typeof end === 'number' && end >= longest) return axis;
  // The first token is there however short a text is.
  return end === 1 ? [] : undefined;
}
