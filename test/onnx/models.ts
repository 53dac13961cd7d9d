import type { InputSpec } from '../../src/core/batch.ts';
import { randomStream } from '../../src/core/random.ts';
import { elementCount, float32, type Tensor } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { type Graph, int } from '../../src/onnx/graph.ts';
import type { FeedOptions } from '../../src/onnx/preprocess.ts';

/** How the small models here are fed: with vectors of `width` numbers, as they are. */
export function fedWith(width: number): FeedOptions {
  const stored: InputSpec = { dtype: 'float32', dims: [width] };
  return { name: 'model.onnx', stored: [stored], preprocessing: { kind: 'none' } };
}

/** A model of the input `x`, [batch, width], whose nodes `write` adds; it returns the name of the output. */
export function modelOf(width: number, write: (builder: GraphBuilder) => string, opset: number = 17): Graph {
  const builder = new GraphBuilder('model', { '': opset });
  builder.input({ name: 'x', dtype: 'float32', dims: ['batch', width] });
  builder.output(write(builder));
  return builder.build();
}

/** Adds `value` Wᵀ + b with weights called `name.weight` and `name.bias`. */
export function linear(builder: GraphBuilder, value: string, name: string, weight: Tensor, bias: Tensor): string {
  const inputs = [value, builder.weight(`${name}.weight`, weight), builder.weight(`${name}.bias`, bias)];
  return builder.node('Gemm', inputs, { transB: int(1) }, { outputs: [`${name}.out`] });
}

/** Numbers from -1 to 1 that follow from `seed`. */
export function uniform(seed: number, dims: readonly number[]): Tensor {
  const random = randomStream(seed, 'test');
  return float32(
    Float32Array.from({ length: elementCount(dims) }, () => 2 * random.unit() - 1),
    dims,
  );
}
