import type { Dtype } from '../../core/tensor.ts';
import { quotientOf } from '../dims.ts';
import type { Dim } from '../graph.ts';
import { times } from '../ops/sizes.ts';
import type { Rule, RuleContext } from './rule.ts';
import {
  broadcastAxes,
  hides,
  isFarDown,
  isHiddenAt,
  isMildNumber,
  isNeverZero,
  isSized,
  isWholeSize,
  isZeroAt,
  type Levels,
  ofElements,
  type Positions,
  type Sign,
  type Value,
} from './value.ts';

/** What is known at padding of each operand, undefined of one that is the same at all positions. */
type AtPadding = readonly (Positions | undefined)[];

/** What is known of an operator that works number by number. */
interface Elementwise {
  /** What it computes; without it, numbers that follow from the mask alone are not followed. */
  readonly of?: (numbers: readonly number[], context: RuleContext) => number;
  /** The same of sizes, some by name. */
  readonly ofSizes?: (sizes: readonly Dim[], context: RuleContext) => Dim | undefined;
  /** Whether the result is 0 at padding, from whether the operands are; not unless given. */
  readonly isZero?: (zero: readonly boolean[], values: readonly Value[], at: AtPadding) => boolean;
  /** Whether the result hides padding; not unless given. */
  readonly isHidden?: (values: readonly Value[], at: AtPadding, context: RuleContext) => boolean;
  /** Whether the result is mild; unless given, where all operands are. */
  readonly isMild?: (values: readonly Value[], context: RuleContext) => boolean;
  /** Whether ids stay what they are. */
  readonly keepsIds?: (context: RuleContext) => boolean;
  /** The numbers of the result where it tells tokens that are present from padding, if what `of` computes does not tell. */
  readonly levels?: (values: readonly Value[], at: AtPadding, context: RuleContext) => Levels | undefined;
  /** Unless given, nothing is known. */
  readonly sign?: (values: readonly Value[], context: RuleContext) => Sign;
}

const all = (flags: readonly boolean[]) => flags.every(Boolean);
const areMild = (values: readonly Value[]) => values.every(({ isMild }) => isMild);
const least = (values: readonly Value[]) => Math.min(...values.map(({ sign }) => sign)) as Sign;
const most = (values: readonly Value[]) => Math.max(...values.map(({ sign }) => sign)) as Sign;
const wholeTypes: ReadonlySet<Dtype> = new Set(['int64', 'int32', 'int8', 'uint8']);

/** Keeps 0 as it is, and what is mild. */
const keepsZero: Elementwise = { isZero: all };

function compares(is: (a: number, b: number) => boolean): Elementwise {
  return { of: ([a, b]) => Number(is(a!, b!)), isMild: () => true, sign: () => 1 };
}

function picks(pick: (...numbers: number[]) => number, sign: (values: readonly Value[]) => Sign): Elementwise {
  return { of: (numbers) => pick(...numbers), isZero: all, sign };
}

function whole(value: number): number {
  return Number.isFinite(value) ? Math.trunc(value) : Number.NaN;
}

function isInHalf(value: number): boolean {
  return value === 0 || (Math.abs(value) > 1e-4 && Math.abs(value) < 65_000);
}

/** A value as it is, in another type perhaps. */
const cast: Elementwise = {
  of([a], { dtype }) {
    if (dtype === 'bool') return Number(a !== 0);
    if (wholeTypes.has(dtype)) return Math.abs(a!) < 2 ** 31 || dtype === 'int64' ? whole(a!) : Number.NaN;
    // Half precision ends at about 65,000, and small numbers are 0 in it.
    return dtype === 'float16' && !isInHalf(a!) ? Number.NaN : a!;
  },
  ofSizes: ([a], { dtype }) => (dtype === 'bool' ? undefined : a),
  isZero: all,
  isHidden: (_, [at], { dtype }) => dtype === 'float32' && isHiddenAt(at),
  isMild: ([a], { dtype }) => a!.isMild || dtype === 'bool',
  keepsIds: ({ dtype }) => dtype === 'int64' || dtype === 'int32',
  // What is between 0 and 1 may become 0.
  sign: ([a], { dtype }) => (dtype === 'float32' ? a!.sign : (Math.min(a!.sign, 1) as Sign)),
};

const operators: Readonly<Record<string, Elementwise>> = {
  Identity: {
    of: ([a]) => a!,
    ofSizes: ([a]) => a,
    isZero: all,
    isHidden: (_, [at]) => isHiddenAt(at),
    keepsIds: () => true,
    sign: most,
  },
  Cast: cast,
  Add: {
    of: ([a, b]) => a! + b!,
    ofSizes: ([a, b]) => (a === 0 ? b : b === 0 ? a : undefined),
    isZero: all,
    isHidden: ([a, b], at) => (isHiddenAt(at[0]) && b!.isMild) || (isHiddenAt(at[1]) && a!.isMild),
    sign: (values) => (least(values) === 0 ? 0 : most(values)),
  },
  Sub: {
    of: ([a, b]) => a! - b!,
    ofSizes: ([a, b]) => (b === 0 ? a : undefined),
    isZero: all,
    isHidden([a, b], at) {
      const levels = at[1]?.levels;
      const isTakenOff = levels !== undefined && hides({ present: -levels.present, padding: -levels.padding });
      return (isHiddenAt(at[0]) && b!.isMild) || (isTakenOff && a!.isMild);
    },
  },
  Mul: {
    of: ([a, b]) => a! * b!,
    ofSizes: ([a, b]) => times(a!, b!),
    // Not where the other may be infinite at padding.
    isZero: ([isZero, isOtherZero], [a, b]) => (isZero! && b!.isMild) || (isOtherZero! && a!.isMild),
    sign: (values, { node }) => (node.inputs[0] === node.inputs[1] || least(values) > 0 ? 1 : 0),
  },
  Div: {
    of: ([a, b], { dtype }) => (wholeTypes.has(dtype) ? Math.trunc(a! / b!) : a! / b!),
    ofSizes([a, b]) {
      const quotient = b === 0 ? undefined : quotientOf(a!, b!);
      return quotient !== undefined && isWholeSize(quotient) ? quotient : undefined;
    },
    isZero: ([isZero], [, b]) => isZero! && isNeverZero(b!),
    isMild: ([a, b]) => a!.isMild && isNeverZero(b!),
  },
  Neg: { of: ([a]) => -a!, isZero: all },
  Abs: { of: ([a]) => Math.abs(a!), isZero: all, sign: () => 1 },
  Relu: { of: ([a]) => Math.max(0, a!), isZero: all, sign: () => 1 },
  Sign: { ...keepsZero, isMild: () => true },
  Tanh: keepsZero,
  Erf: keepsZero,
  Gelu: keepsZero,
  LeakyRelu: keepsZero,
  Sigmoid: { sign: () => 1 },
  HardSigmoid: { sign: () => 1 },
  Exp: { isMild: () => false, sign: () => 1 },
  Log: { isMild: () => false },
  Reciprocal: { of: ([a]) => 1 / a!, isMild: ([a]) => a!.isMild && isNeverZero(a!) },
  Sqrt: {
    of: ([a]) => Math.sqrt(a!),
    isZero: all,
    isMild: ([a]) => a!.isMild && a!.sign > 0,
    sign: ([a]) => a!.sign,
  },
  Pow: {
    of: ([a, b]) => a! ** b!,
    isZero: ([isZero], [, exponent]) => isZero! && isPower(exponent!),
    isMild: ([a, exponent]) => a!.isMild && isPower(exponent!),
    sign: ([, exponent]) => (isPower(exponent!) && exponent!.uniform! % 2 === 0 ? 1 : 0),
  },
  Not: { of: ([a]) => 1 - a!, sign: () => 1 },
  And: { of: ([a, b]) => a! * b!, isZero: (zero) => zero.some(Boolean), sign: () => 1 },
  Or: { of: ([a, b]) => Math.max(a!, b!), isZero: all, sign: () => 1 },
  Equal: {
    ...compares((a, b) => a === b),
    levels(values, at, { padding }) {
      const isId = [0, 1].some((i) => at[i]?.isIds && values[1 - i]!.uniform === padding);
      return isId ? { present: 0, padding: 1 } : undefined;
    },
    // A size is never below 0, and one by name may be any other number.
    ofSizes([a, b]) {
      if (a === b) return 1;
      return Math.min(...[a, b].map((size) => (typeof size === 'number' ? size : Infinity))) < 0 ? 0 : undefined;
    },
  },
  Greater: compares((a, b) => a > b),
  GreaterOrEqual: compares((a, b) => a >= b),
  Less: compares((a, b) => a < b),
  LessOrEqual: compares((a, b) => a <= b),
  Max: picks(Math.max, (values) => most(values)),
  Min: picks(Math.min, least),
  Where: {
    of: ([condition, a, b]) => (condition === 0 ? b! : a!),
    ofSizes: ([condition, a, b]) => (typeof condition === 'number' ? (condition === 0 ? b : a) : undefined),
    isZero([isFalse, ...areZero], _, [condition]) {
      const { padding } = chosen(condition?.levels);
      if (padding !== undefined) return areZero[padding]!;
      return isFalse ? areZero[1]! : all(areZero);
    },
    isHidden([, ...values], [condition]) {
      const { present, padding } = chosen(condition?.levels);
      if (present === undefined || padding === undefined || present === padding) return false;
      return isFarDown(values[padding]!.uniform) && values[present]!.isMild;
    },
    isMild: ([, ...values]) => areMild(values),
    sign: ([, ...values]) => least(values),
  },
  Clip: {
    of: ([a, low = -Infinity, high = Infinity]) => Math.min(Math.max(a!, low), high),
    isZero: ([isZero], [, low, high]) => isZero! && (low?.uniform ?? 1) <= 0 && (high?.uniform ?? -1) >= 0,
    sign: ([a, low], { inputs }) => (inputs[2] === undefined ? most([a!, ...(low ? [low] : [])]) : 0),
  },
};

/** Which of the two values a condition picks: 0, the first, where it holds. */
function chosen(levels: Levels | undefined): { readonly present?: 0 | 1; readonly padding?: 0 | 1 } {
  if (levels === undefined) return {};
  return { present: levels.present === 0 ? 1 : 0, padding: levels.padding === 0 ? 1 : 0 };
}

function isPower({ uniform }: Value): boolean {
  return uniform !== undefined && uniform > 0 && Number.isInteger(uniform);
}

/** The rules of operators that work number by number. */
export const elementwiseRules: Readonly<Record<string, Rule>> = Object.fromEntries(
  Object.entries(operators).map(([op, operator]) => [op, ruleOf(operator)]),
);

function ruleOf(operator: Elementwise): Rule {
  return (context) => {
    const values = context.inputs as readonly Value[];
    // Operands that are left out.
    if (values.some((value) => value === undefined)) return undefined;
    const axes = broadcastAxes(
      values.map((value) => value.axes),
      (at) => merged(operator, context, values, at),
    );
    if (axes === undefined) return undefined;
    const elements = elementsOf(operator, context, values);
    const uniform = values.every((value) => value.uniform !== undefined)
      ? operator.of?.(
          values.map((value) => value.uniform!),
          context,
        )
      : undefined;
    const numbers = [uniform, ...levelsIn(axes)].filter((number) => number !== undefined);
    if (elements !== undefined && axes.length <= 1) return [ofElements(elements, axes)];
    if (numbers.length > 0) return [{ axes, uniform, isMild: numbers.every(isMildNumber), sign: signOf(numbers) }];
    const isMild = (operator.isMild ?? areMild)(values, context);
    return [{ axes, isMild, sign: operator.sign?.(values, context) ?? 0 }];
  };
}

function levelsIn(axes: readonly (readonly unknown[])[]): readonly number[] {
  return axes.flat().flatMap((factor) => {
    const levels = (factor as Positions).levels;
    return levels === undefined ? [] : [levels.present, levels.padding];
  });
}

function signOf(numbers: readonly number[]): Sign {
  if (numbers.every((number) => number > 0)) return 2;
  return numbers.every((number) => number >= 0) ? 1 : 0;
}

function merged(operator: Elementwise, context: RuleContext, values: readonly Value[], at: AtPadding): Positions {
  const levels = operator.levels?.(values, at, context) ?? levelsOf(operator, context, values, at);
  const zero = values.map((value, i) => isZeroAt(value, at[i]));
  return {
    levels,
    isZero: operator.isZero?.(zero, values, at) ?? false,
    isHidden: operator.isHidden?.(values, at, context) ?? false,
    isIds: at[0]?.isIds === true && operator.keepsIds?.(context) === true,
  };
}

/** What the mask makes of a result whose operands are numbers or follow from it here. */
function levelsOf(
  { of }: Elementwise,
  context: RuleContext,
  values: readonly Value[],
  at: AtPadding,
): Levels | undefined {
  const given = values.map(({ uniform }, i): Levels | undefined => {
    const levels = at[i]?.levels;
    return levels ?? (uniform === undefined ? undefined : { present: uniform, padding: uniform });
  });
  if (of === undefined || !at.some((positions) => positions?.levels) || given.includes(undefined)) return undefined;
  const level = (which: keyof Levels) =>
    of(
      given.map((levels) => levels![which]),
      context,
    );
  const [present, padding] = [level('present'), level('padding')];
  return Number.isNaN(present) || Number.isNaN(padding) ? undefined : { present, padding };
}

function elementsOf(
  { of, ofSizes }: Elementwise,
  context: RuleContext,
  values: readonly Value[],
): readonly Dim[] | undefined {
  const lists = values.map(({ elements }) => elements);
  const length = Math.max(...lists.map((list) => list?.length ?? 0));
  if (lists.some((list) => list === undefined || (list.length !== 1 && list.length !== length))) return undefined;
  const results = Array.from({ length }, (_, i) => {
    const numbers = lists.map((list) => list![list!.length === 1 ? 0 : i]!);
    return isSized(numbers) ? ofSizes?.(numbers, context) : of?.(numbers as number[], context);
  });
  return results.every((result) => result !== undefined && !Number.isNaN(result)) ? (results as Dim[]) : undefined;
}
