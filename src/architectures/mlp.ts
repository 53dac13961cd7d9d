import { type RandomStream, randomStream } from '../core/random.ts';
import { elementCount, type Tensor } from '../core/tensor.ts';
import { GraphBuilder } from '../onnx/builder.ts';
import { type Graph, int } from '../onnx/graph.ts';

export interface MlpOptions {
  /** Shape of one example. */
  readonly inputDims: readonly number[];
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly seed: number;
}

/**
 * A multi-layer perceptron with ReLU between its layers: input [batch, …inputDims], output `logits` [batch, classes].
 * Weights lie as in PyTorch, `fc1.weight` [out, in], and start as nn.Linear's do.
 */
export function mlp({ inputDims, hidden, classes, seed }: MlpOptions): Graph {
  const builder = new GraphBuilder(`mlp-${[...hidden, classes].join('-')}`);
  const random = randomStream(seed, 'initial weights');
  builder.input({ name: 'input', dtype: 'float32', dims: ['batch', ...inputDims] });
  let value = inputDims.length === 1 ? 'input' : builder.node('Flatten', ['input'], { axis: int(1) });
  let width = elementCount(inputDims);
  [...hidden, classes].forEach((units, layer) => {
    const name = `fc${layer + 1}`;
    const weight = builder.weight(`${name}.weight`, linearInit([units, width], width, random));
    const bias = builder.weight(`${name}.bias`, linearInit([units], width, random));
    const isLast = layer === hidden.length;
    const names = isLast ? { outputs: ['logits'] } : { outputs: [`${name}.out`] };
    value = builder.node('Gemm', [value, weight, bias], { transB: int(1) }, names);
    if (!isLast) value = builder.node('Relu', [value], {}, { outputs: [`${name}.relu`] });
    width = units;
  });
  builder.output(value);
  return builder.build();
}

/** U(-1/√fanIn, 1/√fanIn), PyTorch's default for weights and biases of nn.Linear (Kaiming uniform with a = √5). */
function linearInit(dims: readonly number[], fanIn: number, random: RandomStream): Tensor {
  const bound = 1 / Math.sqrt(fanIn);
  const data = new Float32Array(elementCount(dims));
  for (let i = 0; i < data.length; i++) data[i] = (2 * random.unit() - 1) * bound;
  return { dtype: 'float32', dims, data };
}
