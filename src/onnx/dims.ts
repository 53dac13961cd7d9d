import { dataError } from '../core/errors.ts';
import type { Dim } from './graph.ts';

/** The shape that two shapes broadcast to (ONNX multidirectional broadcasting, as NumPy's). */
export function broadcastDims(a: readonly Dim[], b: readonly Dim[], what: string): readonly Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    // A symbolic size beside a number above 1 can only be that number.
    if (typeof left === 'string') return right;
    if (typeof right === 'string') return left;
    throw dataError(`Cannot broadcast [${a.join(', ')}] with [${b.join(', ')}] in ${what}`);
  });
}

/** The axis counted from the front; negative axes count from the end. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The shape after reducing `axes`. */
export function reducedDims(dims: readonly Dim[], axes: ReadonlySet<number>, keep: boolean): readonly Dim[] {
  return dims.flatMap((dim, axis) => (axes.has(axis) ? (keep ? [1] : []) : [dim]));
}

/** The product of sizes as one size: a number where all are known, else an expression. */
export function productOf(dims: readonly Dim[]): Dim {
  const known = dims.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1);
  const names = dims.filter((dim) => typeof dim === 'string');
  if (names.length === 0) return known;
  return known === 1 ? names.join('*') : [known, ...names].join('*');
}
