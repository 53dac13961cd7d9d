import { type RandomStream, randomStream } from '../core/random.ts';
import { elementCount } from '../core/tensor.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { float, int, ints } from '../onnx/graph.ts';

/** Writes layers into a graph, with PyTorch's names for their weights and PyTorch's default initial values. */
export interface Layers {
  readonly builder: GraphBuilder;
  /** Adds a weight with its initial values when it is first named, and returns its name: layers may share weights. */
  weight(name: string, dims: readonly number[], initial: Initial): string;
}

/** Fills a weight with its initial values. */
export type Initial = (data: Float32Array, random: RandomStream) => void;

/** Layers whose initial weights follow from `seed`; with null weights have their shapes alone, for who only counts them. */
export function layersOn(builder: GraphBuilder, seed: number | null): Layers {
  const random = seed === null ? null : randomStream(seed, 'initial weights');
  const made = new Set<string>();
  return {
    builder,
    weight(name, dims, initial) {
      if (made.has(name)) return name;
      made.add(name);
      const data = new Float32Array(random === null ? 0 : elementCount(dims));
      if (random !== null) initial(data, random);
      return builder.weight(name, { dtype: 'float32', dims, data });
    },
  };
}

/** U(-1/√fanIn, 1/√fanIn), PyTorch's default for weights and biases of Linear and Conv2d (Kaiming uniform with a = √5). */
export function uniformBy(fanIn: number): Initial {
  const bound = 1 / Math.sqrt(fanIn);
  return (data, random) => {
    for (let i = 0; i < data.length; i++) data[i] = (2 * random.unit() - 1) * bound;
  };
}

/** The same number everywhere. */
export function filledWith(value: number): Initial {
  return (data) => {
    data.fill(value);
  };
}

/** Options of a convolution; PyTorch's Conv2d with a square kernel. */
export interface ConvOptions {
  readonly channels: number;
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default 0. */
  readonly padding?: number;
  /** Default true. */
  readonly bias?: boolean;
}

/** What may differ from PyTorch's Linear. */
export interface LinearOptions {
  /** Name of the result; default `NAME.out`. */
  readonly output?: string;
  /** Initial weights and biases; default PyTorch's. */
  readonly initial?: { readonly weight: Initial; readonly bias: Initial };
}

/** x Wᵀ + b for x [batch, features]; weights `NAME.weight` [units, features] and `NAME.bias`. */
export function linear(
  { builder, weight }: Layers,
  x: string,
  name: string,
  units: number,
  { output = `${name}.out`, initial }: LinearOptions = {},
): string {
  const features = Number(builder.type(x).dims[1]);
  const { weight: weights, bias } = initial ?? { weight: uniformBy(features), bias: uniformBy(features) };
  const inputs = [weight(`${name}.weight`, [units, features], weights), weight(`${name}.bias`, [units], bias)];
  return builder.node('Gemm', [x, ...inputs], { transB: int(1) }, { outputs: [output] });
}

/** A convolution of x [batch, channels, height, width]. */
export function conv2d({ builder, weight }: Layers, x: string, name: string, options: ConvOptions): string {
  const { channels, kernel, stride = 1, padding = 0, bias = true } = options;
  const inputs = Number(builder.type(x).dims[1]);
  const initial = uniformBy(inputs * kernel * kernel);
  const filters = weight(`${name}.weight`, [channels, inputs, kernel, kernel], initial);
  const biases = bias ? [weight(`${name}.bias`, [channels], initial)] : [];
  const attributes = {
    kernel_shape: ints([kernel, kernel]),
    strides: ints([stride, stride]),
    pads: ints([padding, padding, padding, padding]),
  };
  return builder.node('Conv', [x, filters, ...biases], attributes, { outputs: [`${name}.out`] });
}

/** Batch normalisation in eval form: scale 1, bias 0, running mean 0 and variance 1 to begin with. */
export function batchNorm2d({ builder, weight }: Layers, x: string, name: string): string {
  const channels = [Number(builder.type(x).dims[1])];
  const weights = [
    weight(`${name}.weight`, channels, filledWith(1)),
    weight(`${name}.bias`, channels, filledWith(0)),
    weight(`${name}.running_mean`, channels, filledWith(0)),
    weight(`${name}.running_var`, channels, filledWith(1)),
  ];
  return builder.node(
    'BatchNormalization',
    [x, ...weights],
    { epsilon: float(1e-5), momentum: float(0.9) },
    { outputs: [`${name}.out`] },
  );
}

export function relu({ builder }: Layers, x: string): string {
  return builder.node('Relu', [x], {}, { outputs: [`${x}.relu`] });
}

/** Halves height and width, an odd row or column left over (PyTorch's MaxPool2d(2)). */
export function maxPool2({ builder }: Layers, x: string): string {
  return builder.node(
    'MaxPool',
    [x],
    { kernel_shape: ints([2, 2]), strides: ints([2, 2]) },
    { outputs: [`${x}.pool`] },
  );
}

export function flatten({ builder }: Layers, x: string): string {
  return builder.type(x).dims.length === 2
    ? x
    : builder.node('Flatten', [x], { axis: int(1) }, { outputs: [`${x}.flat`] });
}
