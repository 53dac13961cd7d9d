import { GraphBuilder } from '../onnx/builder.ts';
import type { Graph } from '../onnx/graph.ts';
import type { ArchitectureOptions } from './architecture.ts';
import { batchNorm2d, conv2d, flatten, type Layers, layersOn, linear, relu } from './layers.ts';

/** Basic blocks in each of the four stages of ResNet-18. */
const blocksPerStage = 2;

/**
 * ResNet-18 (He et al. 2016) with the stem for CIFAR, one 3 x 3 convolution and no pooling, as the paper uses it: stages of
 * `width`, 2, 4 and 8 times `width` channels. At width 64 and 10 classes it has 11,173,962 parameters.
 */
export function resnet18({ inputDims, classes, seed, width }: ArchitectureOptions & { readonly width: number }): Graph {
  const builder = new GraphBuilder(`resnet18-${width}`);
  const layers = layersOn(builder, seed);
  const input = builder.input({ name: 'input', dtype: 'float32', dims: ['batch', ...inputDims] });
  const stem = conv2d(layers, input, 'conv1', { channels: width, kernel: 3, padding: 1, bias: false });
  let value = relu(layers, batchNorm2d(layers, stem, 'bn1'));
  [1, 2, 4, 8].forEach((factor, stage) => {
    for (let block = 0; block < blocksPerStage; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      value = basicBlock(layers, value, `layer${stage + 1}.${block}`, factor * width, stride);
    }
  });
  const pooled = builder.node('GlobalAveragePool', [value], {}, { outputs: ['pool'] });
  builder.output(linear(layers, flatten(layers, pooled), 'fc', classes, { output: 'logits' }));
  return builder.build();
}

/** Two 3 x 3 convolutions beside a shortcut, which is a 1 x 1 convolution where sizes change. */
function basicBlock(layers: Layers, x: string, name: string, channels: number, stride: number): string {
  const { builder } = layers;
  const first = conv2d(layers, x, `${name}.conv1`, { channels, kernel: 3, stride, padding: 1, bias: false });
  const middle = relu(layers, batchNorm2d(layers, first, `${name}.bn1`));
  const second = conv2d(layers, middle, `${name}.conv2`, { channels, kernel: 3, padding: 1, bias: false });
  const main = batchNorm2d(layers, second, `${name}.bn2`);
  const changes = stride !== 1 || builder.type(x).dims[1] !== channels;
  const shortcut = changes ? projection(layers, x, `${name}.shortcut`, channels, stride) : x;
  return relu(layers, builder.node('Add', [main, shortcut], {}, { outputs: [`${name}.sum`] }));
}

function projection(layers: Layers, x: string, name: string, channels: number, stride: number): string {
  const narrowed = conv2d(layers, x, `${name}.0`, { channels, kernel: 1, stride, bias: false });
  return batchNorm2d(layers, narrowed, `${name}.1`);
}
