import type { RandomStream } from '../core/random.ts';
import { elementCount, type Tensor } from '../core/tensor.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { float, int, ints } from '../onnx/graph.ts';

/** Writes layers into a graph, with PyTorch's names for their weights and PyTorch's default initial values. */
export interface Layers {
  readonly builder: GraphBuilder;
  readonly random: RandomStream;
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

/** U(-1/√fanIn, 1/√fanIn), PyTorch's default for weights and biases of Linear and Conv2d (Kaiming uniform with a = √5). */
function uniformInit(dims: readonly number[], fanIn: number, random: RandomStream): Tensor {
  const bound = 1 / Math.sqrt(fanIn);
  const data = new Float32Array(elementCount(dims));
  for (let i = 0; i < data.length; i++) data[i] = (2 * random.unit() - 1) * bound;
  return { dtype: 'float32', dims, data };
}

function filled(length: number, value: number): Tensor {
  return { dtype: 'float32', dims: [length], data: new Float32Array(length).fill(value) };
}

/** x Wᵀ + b for x [batch, features]; weights `NAME.weight` [units, features] and `NAME.bias`. */
export function linear(
  { builder, random }: Layers,
  x: string,
  name: string,
  units: number,
  output = `${name}.out`,
): string {
  const features = Number(builder.type(x).dims[1]);
  const weight = builder.weight(`${name}.weight`, uniformInit([units, features], features, random));
  const bias = builder.weight(`${name}.bias`, uniformInit([units], features, random));
  return builder.node('Gemm', [x, weight, bias], { transB: int(1) }, { outputs: [output] });
}

/** A convolution of x [batch, channels, height, width]. */
export function conv2d({ builder, random }: Layers, x: string, name: string, options: ConvOptions): string {
  const { channels, kernel, stride = 1, padding = 0, bias = true } = options;
  const inputs = Number(builder.type(x).dims[1]);
  const fanIn = inputs * kernel * kernel;
  const weight = builder.weight(`${name}.weight`, uniformInit([channels, inputs, kernel, kernel], fanIn, random));
  const biases = bias ? [builder.weight(`${name}.bias`, uniformInit([channels], fanIn, random))] : [];
  const attributes = {
    kernel_shape: ints([kernel, kernel]),
    strides: ints([stride, stride]),
    pads: ints([padding, padding, padding, padding]),
  };
  return builder.node('Conv', [x, weight, ...biases], attributes, { outputs: [`${name}.out`] });
}

/** Batch normalisation in eval form: scale 1, bias 0, running mean 0 and variance 1 to begin with. */
export function batchNorm2d({ builder }: Layers, x: string, name: string): string {
  const channels = Number(builder.type(x).dims[1]);
  const weights = [
    builder.weight(`${name}.weight`, filled(channels, 1)),
    builder.weight(`${name}.bias`, filled(channels, 0)),
    builder.weight(`${name}.running_mean`, filled(channels, 0)),
    builder.weight(`${name}.running_var`, filled(channels, 1)),
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
