import { elementCount, type Tensor } from '../../core/tensor.ts';

/**
 * How the numbers of a tensor lie in memory, b being the block:
 * - `plain`: as its shape says;
 * - `blocked`: activations [N, C, H, W] as [N, C / b, H, W, b];
 * - `filters`: [O, I, H, W] as [O / b, I / b, H, W, b of I, b of O];
 * - `fewFilters`: [O, I, H, W] as [O / b, I, H, W, b], where there are fewer inputs than a block.
 */
export type Layout = 'plain' | 'blocked' | FilterLayout;
export type FilterLayout = 'filters' | 'fewFilters';

/** Splits a shape into the axes that a layout permutes: plain axes, and the order in which the layout has them. */
export function axesOf(dims: readonly number[], layout: Layout, block: number): { plain: number[]; order: number[] } {
  const [first, second, ...rest] = dims as [number, number, ...number[]];
  const spatial = elementCount(rest);
  if (layout === 'blocked') return { plain: [first, second / block, block, spatial], order: [0, 1, 3, 2] };
  if (layout === 'filters')
    return { plain: [first / block, block, second / block, block, spatial], order: [0, 2, 4, 3, 1] };
  if (layout === 'fewFilters') return { plain: [first / block, block, second, spatial], order: [0, 2, 3, 1] };
  return { plain: [...dims], order: dims.map((_, axis) => axis) };
}

/** The axis at which `order` puts each axis: what undoes a permutation. */
export function inverse(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}

/** A plain tensor with its numbers in the order of a layout. */
export function arranged(tensor: Tensor, layout: Layout, block: number): Tensor {
  const { plain, order } = axesOf(tensor.dims, layout, block);
  return { ...tensor, data: permuted(tensor.data as Float32Array, plain, order) };
}

/** What `arranged` was made from. */
export function rearranged(tensor: Tensor, layout: Layout, block: number): Tensor {
  const { plain, order } = axesOf(tensor.dims, layout, block);
  const there = order.map((axis) => plain[axis]!);
  return { ...tensor, data: permuted(tensor.data as Float32Array, there, inverse(order)) };
}

function permuted(data: Float32Array, dims: readonly number[], order: readonly number[]): Float32Array {
  const strides = dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
  const result = new Float32Array(data.length);
  let at = 0;
  const walk = (depth: number, from: number) => {
    const axis = order[depth]!;
    const size = dims[axis]!;
    const stride = strides[axis]!;
    if (depth === order.length - 1) for (let i = 0; i < size; i++) result[at++] = data[from + i * stride]!;
    else for (let i = 0; i < size; i++) walk(depth + 1, from + i * stride);
  };
  walk(0, 0);
  return result;
}
