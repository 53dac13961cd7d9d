import type { Tensor, TensorData } from '../../core/tensor.ts';
import { productOf } from '../dims.ts';
import type { Dim } from '../graph.ts';
import { longestKnown } from '../ops/sizes.ts';
import { anyLength } from '../tokens.ts';

// What is known of a value for texts of every length. A token is present where its id is not that of padding; of a text, padding
// behind its last present token may be cut off, and a text that has no token present is left whole. A value that is known here
// holds the same numbers at the positions that are left, however many are cut off behind them.

/** The numbers of a value that follows from the mask alone: one at present tokens, one at padding. */
export interface Levels {
  readonly present: number;
  readonly padding: number;
}

/** A factor of an axis that counts the positions of a text, from the first, and what is known of the numbers at padding. */
export interface Positions {
  readonly levels?: Levels | undefined;
  /** They are 0. */
  readonly isZero?: boolean;
  /** They are so far below those at present tokens, which are mild, that nothing is left of their exponentials. */
  readonly isHidden?: boolean;
  /** They are the token ids, whatever else the value has axes of. */
  readonly isIds?: boolean;
}

/** The name of the size of a batch. */
export const batchSize = 'batch';

export type Factor = number | typeof batchSize | Positions;

/** What an axis counts, the slowest first: heads of each text are `['batch', 12]`. One without factors has the size 1. */
export type Axis = readonly Factor[];

/** 1: no number is below 0; 2: all are above. */
export type Sign = 0 | 1 | 2;

export interface Value {
  readonly axes: readonly Axis[];
  /** Its numbers, a list at most; sizes by name depend on the length or the batch, so nothing but shapes may be made of them. */
  readonly elements?: readonly Dim[] | undefined;
  /** The number that all of them are. */
  readonly uniform?: number | undefined;
  /** Whether all numbers are finite and none is near those that hide padding, at padding too. */
  readonly isMild: boolean;
  readonly sign: Sign;
}

/** Numbers up to this are mild. */
const mildest = 1000;
/** What is added to scores to hide them is this far down at least: BERT's is -10,000. */
const hidingDepth = 10_000;

export function isMildNumber(value: number): boolean {
  return Math.abs(value) <= mildest;
}

export function isPositions(factor: Factor): factor is Positions {
  return typeof factor === 'object';
}

/** Whether an axis has one size and the same meaning for all texts; not where a graph names one that there is not. */
export function isPlain(axis: Axis | undefined): boolean {
  return axis?.every((factor) => typeof factor === 'number') ?? false;
}

/** Whether an axis counts the positions of a text and nothing else. */
export function isLone(axis: Axis | undefined): axis is readonly [Positions] {
  return axis?.length === 1 && isPositions(axis[0]!);
}

/** Whether a value is the same for all texts and lengths. */
export function isConstant({ axes, elements }: Value): boolean {
  return axes.every(isPlain) && !isSized(elements);
}

/** Whether there are numbers known by name only. */
export function isSized(elements: readonly Dim[] | undefined): boolean {
  return elements?.some((element) => typeof element === 'string') ?? false;
}

/** The factors of an axis without ones, numbers beside each other as their product. */
export function axisOf(factors: readonly Factor[]): Axis {
  const axis: Factor[] = [];
  for (const factor of factors) {
    const last = axis.at(-1);
    if (typeof factor === 'number' && typeof last === 'number') axis.splice(-1, 1, last * factor);
    else if (factor !== 1) axis.push(factor);
  }
  return axis;
}

/** How many there are of an axis, by name. */
export function sizeOf(axis: Axis): Dim {
  return productOf(axis.map((factor) => (isPositions(factor) ? anyLength : factor)));
}

/** Whether no part of a size is a fraction. */
export function isWholeSize(size: Dim): boolean {
  return String(size)
    .split('*')
    .every((factor) => Number.isNaN(Number(factor)) || Number.isInteger(Number(factor)));
}

/** The factor that a size is the count of: a number, the batch or the positions; undefined where it is none of these. */
export function factorOf(size: Dim): Factor | undefined {
  if (typeof size === 'number') return size >= 0 ? size : undefined;
  if (size === anyLength) return {};
  return size === batchSize ? batchSize : undefined;
}

/** What `change` makes of what is known at padding, on every axis. */
export function withPositions(axes: readonly Axis[], change: (positions: Positions) => Positions): readonly Axis[] {
  return axes.map((axis) => axis.map((factor) => (isPositions(factor) ? change(factor) : factor)));
}

/** Whether a value, with `positions` on some axis or none there, is 0 at padding. */
export function isZeroAt({ uniform }: Value, positions: Positions | undefined): boolean {
  return uniform === 0 || positions?.isZero === true || positions?.levels?.padding === 0;
}

/** Whether padding is hidden. */
export function isHiddenAt(positions: Positions | undefined): boolean {
  return positions?.isHidden === true || (positions?.levels !== undefined && hides(positions.levels));
}

export function hides({ present, padding }: Levels): boolean {
  return isMildNumber(present) && padding <= present - hidingDepth;
}

/** Whether a number is so far down that it hides padding. */
export function isFarDown(value: number | undefined): boolean {
  return value !== undefined && value <= -hidingDepth;
}

/** Whether no number of a value is 0. */
export function isNeverZero({ uniform, elements, sign }: Value): boolean {
  return (uniform ?? 0) !== 0 || sign === 2 || (elements?.every((number) => Number(number) !== 0) ?? false);
}

/** A value of which these numbers are all that is known. */
export function ofElements(elements: readonly Dim[], axes: readonly Axis[]): Value {
  const numbers = elements.map(Number);
  const [first] = numbers;
  const isUniform = first !== undefined && numbers.every((number) => number === first);
  return {
    axes,
    elements: axes.length > 1 ? undefined : elements,
    uniform: isUniform ? first : undefined,
    isMild: numbers.every(isMildNumber),
    sign: numbers.every((number) => number > 0) ? 2 : numbers.every((number) => number >= 0) ? 1 : 0,
  };
}

/** A weight or another constant. */
export function ofTensor({ dtype, dims, data }: Tensor): Value {
  const axes = dims.map((dim) => axisOf([dim]));
  // The largest half that is mild, without its sign.
  if (dtype === 'float16')
    return { axes, isMild: (data as Uint16Array).every((bits) => (bits & 0x7fff) <= 0x63d0), sign: 0 };
  if (data.length <= longestKnown) return ofElements(Array.from(data, Number), axes);
  return { axes, isMild: areMild(data), sign: 0 };
}

function areMild(data: TensorData): boolean {
  // Not `every`, which takes a second for 100 million.
  for (let i = 0; i < data.length; i++) if (!isMildNumber(Number(data[i]))) return false;
  return true;
}

/**
 * The axes that those of several values broadcast to; `merge` tells what is known at padding from what is known in each, undefined
 * for one that is the same at all positions. Undefined where axes meet that do not count the same.
 */
export function broadcastAxes(
  lists: readonly (readonly Axis[])[],
  merge: (positions: readonly (Positions | undefined)[]) => Positions,
): readonly Axis[] | undefined {
  const rank = Math.max(...lists.map(({ length }) => length));
  const axes: Axis[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const parts = lists.map((list) => list[axis - rank + list.length] ?? []);
    const whole = parts.find((part) => part.length > 0) ?? [];
    if (!parts.every((part) => part.length === 0 || isSame(part, whole))) return undefined;
    axes.push(
      whole.map((factor, i) =>
        isPositions(factor) ? merge(parts.map((part) => part[i] as Positions | undefined)) : factor,
      ),
    );
  }
  return axes;
}

/** Whether two axes count the same. */
export function isSame(a: Axis, b: Axis): boolean {
  return a.length === b.length && a.every((factor, i) => (isPositions(factor) ? isPositions(b[i]!) : factor === b[i]));
}
