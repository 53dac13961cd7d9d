import { beginLowering } from './blocked/lowering.ts';
import type { GraphBuilder } from './builder.ts';
import { lowestFloat } from './ops/maxPool.ts';
import { reach, type SlidingWindow } from './ops/slidingWindow.ts';

/**
 * Writes a train step again with the gradient of max pooling found by comparing, where MaxPool cannot tell the positions of its
 * winners (ONNX Runtime's WebGPU). All else stays as it is.
 */
export function lowerPoolIndices(source: GraphBuilder): GraphBuilder {
  const lowering = beginLowering(source, 1, new Map());
  for (const step of source.steps) {
    if (step.kind !== 'MaxPoolGradient') {
      lowering.copy(step);
      continue;
    }
    const [x, y, dy] = step.inputs.map((value) => lowering.in(value, 'plain')) as [string, string, string];
    const gradient = maxPoolGradient(lowering.b, [x, y, dy], step.detail as SlidingWindow);
    lowering.put(step.outputs[0]!, 'plain', gradient);
  }
  return lowering.finish();
}

/**
 * The gradient of a max pool by its input `x` [N, C, …], from its output `y` and the gradient `dy` of that: the first of the
 * greatest cells of each window gets it. For each cell of the kernel, the windows that it wins are spread by the strides.
 */
export function maxPoolGradient(
  b: GraphBuilder,
  [x, y, dy]: readonly [x: string, y: string, dy: string],
  slide: SlidingWindow,
): string {
  const { strides, dilations, kernel } = slide;
  const [examples, channels, ...sizes] = b.dims(x) as [number, number, ...number[]];
  const maps = examples * channels;
  const slid = b.dims(y).slice(2);
  const axes = sizes.map((_, axis) => axis);
  const before = slide.pads.slice(0, sizes.length);
  // What the windows reach over, and what their cells take when they are spread.
  const whole = axes.map((axis) => (slid[axis]! - 1) * strides[axis]! + reach(slide, axis));
  const wide = axes.map((axis) =>
    Math.max(before[axis]! + sizes[axis]!, dilations[axis]! * (kernel[axis]! - 1) + slid[axis]! * strides[axis]!),
  );
  const after = axes.map((axis) => Math.max(0, whole[axis]! - before[axis]! - sizes[axis]!));
  const flat = (value: string, dims: readonly number[]) => b.node('Reshape', [value, b.int64([maps, ...dims])]);
  const padded = (value: string, front: readonly number[], back: readonly number[], filling: number) =>
    [...front, ...back].every((size) => size === 0)
      ? value
      : b.node('Pad', [value, b.int64([0, ...front, 0, ...back]), b.scalar(filling)]);
  const spatial = axes.map((axis) => axis + 1);
  const cut = (value: string, from: readonly number[], to: readonly number[], by: readonly number[]) =>
    b.node('Slice', [value, ...[from, to, spatial, by].map((values) => b.int64(values))]);

  const cells = padded(flat(x, sizes), before, after, lowestFloat);
  const [greatest, upstream] = [flat(y, slid), flat(dy, slid)];
  let free: string | undefined;
  const won = (at: readonly number[]) => {
    const to = axes.map((axis) => at[axis]! + (slid[axis]! - 1) * strides[axis]! + 1);
    const equal = b.node('Equal', [cut(cells, at, to, strides), greatest]);
    const wins = free === undefined ? equal : b.node('And', [equal, free]);
    const others = b.node('Not', [equal]);
    free = free === undefined ? others : b.node('And', [free, others]);
    return b.node('Where', [wins, upstream, b.scalar(0)]);
  };
  const spread = (value: string) => {
    if (strides.every((stride) => stride === 1)) return value;
    const apart = flat(
      value,
      slid.flatMap((count) => [count, 1]),
    );
    const none = slid.flatMap(() => [0, 0]);
    const filled = padded(
      apart,
      none,
      strides.flatMap((stride) => [0, stride - 1]),
      0,
    );
    return flat(
      filled,
      axes.map((axis) => slid[axis]! * strides[axis]!),
    );
  };
  const placed = cellsOf(kernel).map((cell) => {
    const at = axes.map((axis) => cell[axis]! * dilations[axis]!);
    const rest = axes.map((axis) => wide[axis]! - at[axis]! - slid[axis]! * strides[axis]!);
    return padded(spread(won(at)), at, rest, 0);
  });
  const sum = placed.reduce((total, part) => b.node('Add', [total, part]));
  const ends = axes.map((axis) => before[axis]! + sizes[axis]!);
  const isWhole = axes.every((axis) => before[axis] === 0 && wide[axis] === sizes[axis]);
  const inside = isWhole
    ? sum
    : cut(
        sum,
        before,
        ends,
        axes.map(() => 1),
      );
  return b.node('Reshape', [inside, b.int64([examples, channels, ...sizes])]);
}

/** The places in a kernel in the order in which MaxPool looks at them. */
function cellsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, at) => [...place, at])),
    [[]],
  );
}
