import type { GraphBuilder } from './builder.ts';

/** What PyTorch adds to the norm before it divides by it. */
const safety = 1e-6;

/**
 * Scales gradients down together where their norm over all values is above `most`: g min(1, most / (‖g‖ + 1e-6))
 * (PyTorch's clip_grad_norm_).
 */
export function clipGradients(
  b: GraphBuilder,
  gradients: ReadonlyMap<string, string>,
  most: number,
): ReadonlyMap<string, string> {
  const squares = [...gradients.values()].map((gradient) =>
    b.node('ReduceSumSquare', [gradient], { keepdims: { kind: 'int', value: 0 } }),
  );
  const total = squares.reduce((sum, square) => b.node('Add', [sum, square]));
  const norm = b.node('Add', [b.node('Sqrt', [total]), b.scalar(safety)]);
  const factor = b.node('Clip', [b.node('Div', [b.scalar(most), norm]), '', b.scalar(1)]);
  return new Map([...gradients].map(([name, gradient]) => [name, b.node('Mul', [gradient, factor])]));
}
