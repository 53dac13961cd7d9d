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

/** `whole` over `part`: undefined where `part` has a name in it that `whole` has not, or is 0. */
export function quotientOf(whole: Dim, part: Dim): Dim | undefined {
  const [left, by] = [factorsOf(whole), factorsOf(part)];
  if (by.known === 0) return undefined;
  const names = [...left.names];
  for (const name of by.names) {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  return written(left.known / by.known, names);
}

/** The product of sizes: a number where all are known, else an expression such as `12*batch`. */
export function productOf(dims: readonly Dim[]): Dim {
  const factors = dims.map(factorsOf);
  const known = factors.reduce((product, factor) => product * factor.known, 1);
  return written(
    known,
    factors.flatMap((factor) => factor.names),
  );
}

function factorsOf(dim: Dim): { readonly known: number; readonly names: readonly string[] } {
  const factors = String(dim).split('*');
  const names = factors.filter((factor) => Number.isNaN(Number(factor)));
  const known = factors.reduce((product, factor) => product * (names.includes(factor) ? 1 : Number(factor)), 1);
  return { known, names };
}

function written(known: number, names: readonly string[]): Dim {
  if (names.length === 0) return known;
  return known === 1 ? names.join('*') : [known, ...names].join('*');
}

export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** All axes of [N, C, …] but that of the channels. */
export function axesButChannels(dims: readonly Dim[]): readonly number[] {
  return dims.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
}
