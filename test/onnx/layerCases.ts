import fc from 'fast-check';
import { elementCount, float32, int64, type Tensor } from '../../src/core/tensor.ts';
import { float, int, ints } from '../../src/onnx/graph.ts';
import {
  anywhere,
  call,
  clearOfZero,
  constant,
  type Dims,
  fed,
  flag,
  type OpCase,
  positive,
  present,
  randomTensor,
  seed,
  shape,
  unary,
} from './opCase.ts';

// Convolutions, pooling, normalisation and what exporters put around them.

const upTo = (most: number, least = 1) => fc.integer({ min: least, max: most });

/** A window over one or two spatial axes that fits `sizes`. */
const window = fc
  .record({
    rank: upTo(2),
    kernel: fc.tuple(upTo(3), upTo(3)),
    strides: fc.tuple(upTo(2), upTo(2)),
    dilations: fc.tuple(upTo(2), upTo(2)),
    pads: fc.tuple(upTo(1, 0), upTo(1, 0), upTo(1, 0), upTo(1, 0)),
    extra: fc.tuple(upTo(3, 0), upTo(3, 0)),
  })
  .map(({ rank, kernel, strides, dilations, pads, extra }) => ({
    kernel: kernel.slice(0, rank),
    strides: strides.slice(0, rank),
    dilations: dilations.slice(0, rank),
    pads: [...pads.slice(0, rank), ...pads.slice(2, 2 + rank)],
    sizes: Array.from({ length: rank }, (_, axis) => dilations[axis]! * (kernel[axis]! - 1) + 1 + extra[axis]!),
  }));

const conv = fc
  .record({
    window,
    batch: upTo(2),
    group: upTo(3),
    perGroup: upTo(2),
    perGroupOut: upTo(2),
    bias: fc.boolean(),
    from: seed,
  })
  .map(({ window: { sizes, kernel, strides, dilations, pads }, batch, group, perGroup, perGroupOut, bias, from }) => {
    const outputs = group * perGroupOut;
    const inputs = [
      fed(randomTensor(from, [batch, group * perGroup, ...sizes])),
      fed(randomTensor(from + 1, [outputs, perGroup, ...kernel]), false),
      ...(bias ? [fed(randomTensor(from + 2, [outputs]), false)] : []),
    ];
    const attributes = { strides: ints(strides), dilations: ints(dilations), pads: ints(pads), group: int(group) };
    return call('Conv', inputs, { attributes });
  });

/** Numbers far enough apart that the largest of a window stays the largest under a small step. */
function distinct(from: number, dims: Dims): Tensor {
  const count = elementCount(dims);
  const order = Array.from(randomTensor(from, [count]).data as Float32Array).map((value, i) => [value, i] as const);
  const data = new Float32Array(count);
  order
    .sort((a, b) => a[0] - b[0])
    .forEach(([, i], rank) => {
      data[i] = 0.3 * (rank - count / 2);
    });
  return { dtype: 'float32', dims, data };
}

function pool(op: string) {
  return fc
    .record({ window, batch: upTo(2), channels: upTo(2), ceil: flag, counted: flag, from: seed })
    .map(({ window: w, batch, channels, ceil, counted, from }) => {
      // A pad has to be smaller than the kernel.
      const pads = w.pads.map((size, i) => Math.min(size, w.kernel[i % w.kernel.length]! - 1));
      const sizes = w.kernel.map((length, axis) => length + (w.sizes[axis]! % 4));
      const attributes = { kernel_shape: ints(w.kernel), strides: ints(w.strides), pads: ints(pads) };
      const count = op === 'AveragePool' ? counted : undefined;
      return call(op, [fed(distinct(from, [batch, channels, ...sizes]))], {
        attributes: { ...attributes, ...present({ ceil_mode: ceil, count_include_pad: count }) },
      });
    });
}

const batchNormalization = fc.record({ dims: shape(2, 4), from: seed }).map(({ dims, from }) => {
  const channels = [dims[1]!];
  return call('BatchNormalization', [
    fed(randomTensor(from, dims)),
    fed(randomTensor(from + 1, channels), false),
    fed(randomTensor(from + 2, channels), false),
    fed(randomTensor(from + 3, channels), false),
    fed(randomTensor(from + 4, channels, positive), false),
  ]);
});

const layerNormalization = fc
  .record({ dims: shape(1, 3), width: upTo(4, 3), axes: upTo(2), bias: fc.boolean(), from: seed })
  .map(({ dims, width, axes, bias, from }) => {
    const all = [...dims, width];
    const axis = Math.max(all.length - axes, 0);
    const normalised = all.slice(axis);
    // Far apart: as the values come together the slope grows, and the difference itself is no longer the derivative.
    const near = distinct(from, all);
    const x = { ...near, data: (near.data as Float32Array).map((value) => 4 * value) };
    return call(
      'LayerNormalization',
      [
        fed(x, axis > 0),
        fed(randomTensor(from + 1, normalised), false),
        ...(bias ? [fed(randomTensor(from + 2, normalised), false)] : []),
      ],
      { attributes: { axis: int(axis - all.length) } },
    );
  });

const globalAveragePool = fc
  .tuple(shape(3, 4), seed)
  .map(([dims, from]) => call('GlobalAveragePool', [fed(randomTensor(from, dims))]));

const gather = fc
  .record({ dims: shape(1, 3), pick: fc.nat(), indices: shape(0, 2), from: seed, negative: fc.boolean() })
  .map(({ dims, pick, indices, from, negative }) => {
    const axis = pick % dims.length;
    const size = dims[axis]!;
    const positions = Array.from({ length: elementCount(indices) }, (_, i) => (from + 7 * i) % size);
    const where = int64(positions, indices);
    return call('Gather', [fed(randomTensor(from, dims), axis > 0), constant(where)], {
      attributes: { axis: int(negative ? axis - dims.length : axis) },
    });
  });

const concat = fc
  .record({ dims: shape(1, 3), pick: fc.nat(), sizes: fc.array(upTo(3), { minLength: 1, maxLength: 3 }), from: seed })
  .map(({ dims, pick, sizes, from }) => {
    const axis = pick % dims.length;
    const parts = sizes.map((size, i) =>
      randomTensor(
        from + i,
        dims.map((dim, j) => (j === axis ? size : dim)),
      ),
    );
    return call(
      'Concat',
      parts.map((part) => fed(part, axis > 0)),
      { attributes: { axis: int(axis - dims.length) } },
    );
  });

const split = fc
  .record({ dims: shape(1, 3), pick: fc.nat(), sizes: fc.array(upTo(3), { minLength: 1, maxLength: 3 }), from: seed })
  .map(({ dims, pick, sizes, from }) => {
    const axis = pick % dims.length;
    const whole = dims.map((dim, i) => (i === axis ? sizes.reduce((sum, size) => sum + size, 0) : dim));
    const inputs = [fed(randomTensor(from, whole), axis > 0), constant(int64(sizes))];
    return call('Split', inputs, { attributes: { axis: int(axis) }, outputs: sizes.length });
  });

/** Equal parts but for the last, their number told by the outputs, and from opset 18 on by an attribute. */
const equalSplit = fc
  .record({ dims: shape(1, 3), pick: fc.nat(), parts: upTo(3), last: upTo(2), newer: fc.boolean(), from: seed })
  .map(({ dims, pick, parts, last, newer, from }) => {
    const axis = pick % dims.length;
    const size = newer ? 2 * (parts - 1) + last : 2 * parts;
    const data = randomTensor(
      from,
      dims.map((dim, i) => (i === axis ? size : dim)),
    );
    const attributes = present({ axis: int(axis), num_outputs: newer ? int(parts) : undefined });
    return call('Split', [fed(data, axis > 0)], { attributes, outputs: parts, ...(newer && { opset: 18 }) });
  });

const slice = fc
  .record({
    dims: shape(1, 3),
    pick: fc.nat(),
    start: fc.nat(3),
    length: upTo(4),
    step: upTo(2),
    from: seed,
    end: fc.boolean(),
  })
  .map(({ dims, pick, start, length, step, from, end }) => {
    const axis = pick % dims.length;
    const size = dims[axis]!;
    const first = start % size;
    const last = end ? Number.MAX_SAFE_INTEGER : Math.min(size, first + length);
    const lists = [[first - size], [last], [axis], [step]].map((values) => constant(int64(values)));
    return call('Slice', [fed(randomTensor(from, dims), axis > 0), ...lists]);
  });

const pad = fc
  .record({ dims: shape(1, 3), pads: fc.array(upTo(2, 0), { minLength: 6, maxLength: 6 }), from: seed })
  .map(({ dims, pads, from }) => {
    const rank = dims.length;
    const list = [0, ...pads.slice(1, rank), 0, ...pads.slice(rank + 1, 2 * rank)];
    return call('Pad', [fed(randomTensor(from, dims)), constant(int64(list))]);
  });

const squeeze = fc.tuple(shape(1, 3), fc.nat(), seed).map(([dims, pick, from]) => {
  const axis = 1 + (pick % dims.length);
  const widened = [...dims.slice(0, axis), 1, ...dims.slice(axis)];
  return call('Squeeze', [fed(randomTensor(from, widened)), constant(int64([axis]))]);
});

const unsqueeze = fc
  .tuple(shape(1, 3), fc.nat(), seed)
  .map(([dims, pick, from]) =>
    call('Unsqueeze', [fed(randomTensor(from, dims)), constant(int64([1 + (pick % dims.length)]))]),
  );

const pow = fc
  .tuple(shape(1, 3), fc.constantFrom(2, 3, 0.5, -1), seed)
  .map(([dims, exponent, from]) =>
    call('Pow', [fed(randomTensor(from, dims, positive)), constant(float32([exponent], []))]),
  );

const clip = fc.tuple(shape(1, 3), seed).map(([dims, from]) =>
  // The limit lies where clearOfZero gives nothing.
  call('Clip', [fed(randomTensor(from, dims, clearOfZero)), constant(float32([0], []))]),
);

const convTranspose = fc
  .record({
    window,
    batch: upTo(2),
    group: upTo(2),
    perGroup: upTo(2),
    perGroupOut: upTo(2),
    bias: fc.boolean(),
    from: seed,
  })
  .map(({ window: { kernel, strides, dilations, pads }, batch, group, perGroup, perGroupOut, bias, from }) => {
    const inputs = [
      fed(randomTensor(from, [batch, group * perGroup, ...kernel.map((_, axis) => 3 + axis)])),
      fed(randomTensor(from + 1, [group * perGroup, perGroupOut, ...kernel]), false),
      ...(bias ? [fed(randomTensor(from + 2, [group * perGroupOut]), false)] : []),
    ];
    const extra = strides.map((stride) => stride - 1);
    const attributes = {
      ...{ strides: ints(strides), dilations: ints(dilations), pads: ints(pads), group: int(group) },
      output_padding: ints(extra),
    };
    return call('ConvTranspose', inputs, { attributes });
  });

const cumSum = fc
  .record({ dims: shape(1, 3), pick: fc.nat(), reverse: flag, exclusive: flag, from: seed })
  .map(({ dims, pick, reverse, exclusive, from }) =>
    call('CumSum', [fed(randomTensor(from, dims)), constant(int64([pick % dims.length], []))], {
      attributes: present({ reverse, exclusive }),
    }),
  );

/** Two or three inputs of one shape in which no two numbers in a place are close. */
function extremum(op: string) {
  return fc.tuple(shape(0, 3), upTo(3), seed).map(([dims, count, from]) => {
    const whole = distinct(from, [count, ...dims]).data as Float32Array;
    const size = elementCount(dims);
    const parts = Array.from({ length: count }, (_, i) => float32(whole.slice(i * size, (i + 1) * size), dims));
    return call(
      op,
      parts.map((part) => fed(part)),
    );
  });
}

const leakyRelu = fc
  .tuple(unary('LeakyRelu', clearOfZero), fc.constantFrom(undefined, float(0.2)))
  .map(([of, alpha]): OpCase => ({ ...of, attributes: present({ alpha }) }));

const constantOfShape = fc
  .tuple(shape(0, 3), fc.constantFrom(undefined, float32([2]), int64([-1])))
  .map(([dims, value]) =>
    call('ConstantOfShape', [constant(int64(dims))], {
      attributes: present({ value: value && { kind: 'tensor', value } }),
    }),
  );

const range = fc.tuple(upTo(5, -5), upTo(80, -5), fc.constantFrom(1, 2, -1, -3)).map((bounds) =>
  call(
    'Range',
    bounds.map((bound) => constant(int64([bound], []))),
  ),
);

const scatterND = fc
  .tuple(upTo(4), upTo(3), seed)
  .map(([rows, width, from]) =>
    call('ScatterND', [
      fed(randomTensor(from, [rows, width]), false),
      constant(int64([0, rows - 1], [2, 1])),
      fed(randomTensor(from + 1, [2, width], anywhere), false),
    ]),
  );

/** Of operators that can be trained through. */
export const trainableLayerCases: Readonly<Record<string, fc.Arbitrary<OpCase>>> = {
  Conv: conv,
  MaxPool: pool('MaxPool'),
  AveragePool: pool('AveragePool'),
  GlobalAveragePool: globalAveragePool,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  Gather: gather,
  Concat: concat,
  Split: fc.oneof(split, equalSplit),
  Slice: slice,
  Pad: pad,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Pow: pow,
  Clip: clip,
  ConvTranspose: convTranspose,
  CumSum: cumSum,
  Max: extremum('Max'),
  Min: extremum('Min'),
  LeakyRelu: leakyRelu,
  Abs: unary('Abs', clearOfZero),
  Reciprocal: unary('Reciprocal', positive),
};

/** Of operators that only stand in gradients, or in shapes. */
export const otherLayerCases: Readonly<Record<string, fc.Arbitrary<OpCase>>> = {
  ScatterND: scatterND,
  Sign: unary('Sign'),
  ConstantOfShape: constantOfShape,
  Range: range,
};
