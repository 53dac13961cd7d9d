import { dataError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { positiveAxis } from '../dims.ts';
import { type Dim, describeNode, type GraphNode } from '../graph.ts';
import { executesPlain } from './execution.ts';
import { type InferContext, type Op, required } from './op.ts';
import { gatherAlong } from './tfGather.ts';

/** What exporters write for the end of an axis, or more. */
const toTheEnd = 2 ** 31 - 1;

interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/**
 * Strided parts (ONNX Slice, opset 10): starts, ends, axes and steps have to be known before the graph runs. An end may be known
 * by name only, as where a table of positions is cut to the length of texts.
 */
export const slice: Op = {
  name: 'Slice',
  infer(context) {
    const { dtype, dims } = required(context, 0);
    const named = firstOnes(context, dims);
    if (named !== undefined) return [{ dtype, dims: named }];
    const cuts = cutsOf(context.node, dims, context.constant);
    return [{ dtype, dims: dims.map((dim, axis) => cuts.find((cut) => cut.axis === axis)?.count ?? dim) }];
  },
  gradient({ node, builder, upstream: [dy] }) {
    const dims = builder.dims(node.inputs[0]!);
    const cuts = cutsOf(node, dims, (index) => builder.known(node.inputs[index] ?? ''));
    // Each cut axis is filled up with zeros: where it was strided, by scattering rows into place.
    return [
      cuts.reduce((gradient, { axis, start, step, count }) => {
        const size = dims[axis]!;
        if (count === size && step === 1) return gradient;
        const rank = dims.length;
        if (step === 1) {
          const pads = new Array<number>(2 * rank).fill(0);
          pads[axis] = start;
          pads[axis + rank] = size - start - count;
          return builder.node('Pad', [gradient, builder.int64(pads)]);
        }
        const picked = Array.from({ length: count }, (_, i) => start + i * step);
        // Row `count` is one of zeros that all positions that were not picked take.
        const padded = builder.node('Pad', [
          gradient,
          builder.int64([...zeros(rank), ...zeros(rank).fill(1, axis, axis + 1)]),
        ]);
        const rows = Array.from({ length: size }, (_, i) => (picked.includes(i) ? picked.indexOf(i) : count));
        return builder.node('Gather', [padded, builder.int64(rows)], { axis: { kind: 'int', value: axis } });
      }, dy!),
    ];
  },
  sizes(context) {
    const list = context.sizes(0);
    if (list?.dims.length !== 1 || firstOnes(context, list.dims) !== undefined) return undefined;
    const [cut] = cutsOf(context.node, list.dims, context.constant);
    const values = Array.from({ length: cut!.count }, (_, i) => list.values[cut!.start + i * cut!.step]!);
    return { dims: [values.length], values };
  },
  execute: executesPlain((x, { tf, node, constant }) => {
    return cutsOf(node, x.shape, constant).reduce((rest, { axis, start, step, count }) => {
      if (step !== 1) {
        const picked = Int32Array.from({ length: count }, (_, i) => start + i * step);
        return gatherAlong(tf, rest, tf.tensor1d(picked, 'int32'), axis);
      }
      const begin = rest.shape.map((_, i) => (i === axis ? start : 0));
      const size = rest.shape.map((length, i) => (i === axis ? count : length));
      return tf.slice(rest, begin, size);
    }, x);
  }),
};

/** The shape of what is cut from the beginning of one axis to an end that has a name; undefined for other cuts. */
function firstOnes({ node, sizes, constant }: InferContext, dims: readonly Dim[]): readonly Dim[] | undefined {
  const [starts, ends, axes, steps] = [sizes(1), sizes(2), sizes(3), node.inputs[4] ? sizes(4) : undefined];
  const [end] = ends?.values ?? [];
  if (typeof end !== 'string' || ends!.values.length > 1 || starts?.values[0] !== 0) return undefined;
  if ((node.inputs[4] && steps?.values[0] !== 1) || (node.inputs[3] && constant(3) === undefined)) return undefined;
  const axis = positiveAxis(Number(axes?.values[0] ?? 0), dims.length);
  return dims.map((dim, i) => (i === axis ? end : dim));
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

function cutsOf(
  node: GraphNode,
  dims: readonly Dim[],
  constant: (index: number) => Tensor | undefined,
): readonly Cut[] {
  const list = (index: number, fallback?: readonly number[]) => {
    const known = constant(index);
    if (known === undefined && (fallback === undefined || node.inputs[index]))
      throw dataError(`${describeNode(node)} computes where to cut while it runs, expected constants`);
    return known === undefined ? fallback! : Array.from(known.data, Number);
  };
  const starts = list(1);
  const ends = list(2);
  const axes = list(
    3,
    starts.map((_, axis) => axis),
  );
  const steps = list(
    4,
    starts.map(() => 1),
  );
  return axes.flatMap((given, i) => {
    const axis = positiveAxis(given, dims.length);
    const size = dims[axis];
    const step = steps[i]!;
    if (typeof size !== 'number' && starts[i] === 0 && step === 1 && ends[i]! >= toTheEnd) return [];
    if (typeof size !== 'number') throw dataError(`${describeNode(node)} cuts along an axis of unknown size "${size}"`);
    const clamp = (position: number, least: number, most: number) =>
      Math.min(Math.max(position < 0 ? position + size : position, least), most);
    const start = step > 0 ? clamp(starts[i]!, 0, size) : clamp(starts[i]!, 0, size - 1);
    const end = step > 0 ? clamp(ends[i]!, 0, size) : clamp(ends[i]!, -1, size - 1);
    return [{ axis, start, step, count: Math.max(0, Math.ceil((end - start) / step)) }];
  });
}
