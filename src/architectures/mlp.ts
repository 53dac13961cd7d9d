import { GraphBuilder } from '../onnx/builder.ts';
import type { Graph } from '../onnx/graph.ts';
import type { ArchitectureOptions } from './architecture.ts';
import { flatten, layersOn, linear, relu } from './layers.ts';

/**
 * A multi-layer perceptron with ReLU between its layers: input [batch, …inputDims], output `logits` [batch, classes].
 * Weights lie as in PyTorch, `fc1.weight` [out, in], and start as nn.Linear's do.
 */
export function mlp({
  inputDims,
  hidden,
  classes,
  seed,
}: ArchitectureOptions & { readonly hidden: readonly number[] }): Graph {
  const builder = new GraphBuilder(`mlp-${[...hidden, classes].join('-')}`);
  const layers = layersOn(builder, seed);
  let value = flatten(layers, builder.input({ name: 'input', dtype: 'float32', dims: ['batch', ...inputDims] }));
  hidden.forEach((units, index) => {
    value = relu(layers, linear(layers, value, `fc${index + 1}`, units));
  });
  builder.output(linear(layers, value, `fc${hidden.length + 1}`, classes, { output: 'logits' }));
  return builder.build();
}
