import { int64, type Tensor } from '../../core/tensor.ts';
import { productOf, quotientOf } from '../dims.ts';
import type { Dim, ValueType } from '../graph.ts';
import type { InferContext } from './op.ts';

/** Shapes and axes are short; longer values are weights, which nobody computes with before the graph runs. */
export const longestKnown = 64;

/**
 * Whole numbers that are known before the graph runs, some of them perhaps by name only: shapes as exporters compute them
 * where the batch has no fixed size.
 */
export interface Sizes {
  /** One size for a list, none for a single number. */
  readonly dims: readonly number[];
  readonly values: readonly Dim[];
}

/** The numbers of a short int64 tensor as sizes. */
export function sizesOf(tensor: Tensor | undefined): Sizes | undefined {
  if (tensor?.dtype !== 'int64') return undefined;
  return { dims: tensor.dims, values: Array.from(tensor.data, Number) };
}

/** Sizes as a tensor; undefined where one has a name. */
export function tensorOf({ dims, values }: Sizes): Tensor | undefined {
  return values.every((value) => typeof value === 'number') ? int64(values, dims) : undefined;
}

/** The sizes that input `index` holds; undefined where they are computed while the graph runs. */
export function listedSizes(context: InferContext, index: number): readonly Dim[] | undefined {
  return context.sizes(index)?.values;
}

/** Two lists of sizes put together by `combine`, a single one with every size of the other. */
export function combinedSizes(context: InferContext, combine: (a: Dim, b: Dim) => Dim | undefined): Sizes | undefined {
  const [a, b] = [context.sizes(0), context.sizes(1)];
  if (a === undefined || b === undefined) return undefined;
  const long = a.dims.length >= b.dims.length && a.values.length >= b.values.length ? a : b;
  if (long.dims.length > 1) return undefined;
  const at = ({ values }: Sizes, i: number) => values[values.length === 1 ? 0 : i]!;
  const values = long.values.map((_, i) => combine(at(a, i), at(b, i)));
  return values.every((value) => value !== undefined) ? { dims: long.dims, values } : undefined;
}

/** `combine` for two numbers, nothing for names. */
export function ofNumbers(combine: (a: number, b: number) => number): (a: Dim, b: Dim) => Dim | undefined {
  return (a, b) => (typeof a === 'number' && typeof b === 'number' ? combine(a, b) : undefined);
}

/** The product of two sizes, named ones included. */
export function times(a: Dim, b: Dim): Dim | undefined {
  return a === 0 || b === 0 ? 0 : productOf([a, b]);
}

/** Known values in the shape that their operator gives them, which must be of numbers. */
export function redressed<Value extends { readonly dims: readonly number[] }>(
  context: InferContext,
  value: Value | undefined,
  infer: (context: InferContext) => readonly ValueType[],
): Value | undefined {
  if (value === undefined) return undefined;
  const { dims } = infer(context)[0]!;
  return dims.every((dim) => typeof dim === 'number') ? { ...value, dims } : undefined;
}

/** One size over another as exporters find the width of an attention head; rounded towards 0 for numbers. */
export function over(a: Dim, b: Dim): Dim | undefined {
  const quotient = b === 0 ? undefined : quotientOf(a, b);
  return typeof quotient === 'number' ? Math.trunc(quotient) : quotient;
}
