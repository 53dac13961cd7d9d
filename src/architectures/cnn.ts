import { GraphBuilder } from '../onnx/builder.ts';
import type { Graph } from '../onnx/graph.ts';
import type { ArchitectureOptions } from './architecture.ts';
import { conv2d, flatten, layersOn, linear, maxPool2, relu } from './layers.ts';

export interface CnnOptions extends ArchitectureOptions {
  /** Channels of the first convolution, from which all others follow: 64 in the paper. */
  readonly width: number;
}

/**
 * The paper's small CNN for irreducible losses: three 3 x 3 convolutions of 64, 128 and 256 channels without padding, each
 * with ReLU and max pooling, then dense layers of 128 and 256. 537,610 parameters on 3 x 32 x 32 and 10 classes. Of another
 * width all of them are in proportion.
 */
export function cnn({ inputDims, classes, seed, width }: CnnOptions): Graph {
  const builder = new GraphBuilder('cnn');
  const layers = layersOn(builder, seed);
  let value = builder.input({ name: 'input', dtype: 'float32', dims: ['batch', ...inputDims] });
  [width, 2 * width, 4 * width].forEach((channels, index) => {
    value = maxPool2(layers, relu(layers, conv2d(layers, value, `conv${index + 1}`, { channels, kernel: 3 })));
  });
  value = flatten(layers, value);
  [2 * width, 4 * width].forEach((units, index) => {
    value = relu(layers, linear(layers, value, `fc${index + 1}`, units));
  });
  builder.output(linear(layers, value, 'fc3', classes, { output: 'logits' }));
  return builder.build();
}
