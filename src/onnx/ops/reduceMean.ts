import { elementCount } from '../../core/tensor.ts';
import type { Op } from './op.ts';
import { executesReduction, reductionTypes, spreadGradient } from './reduce.ts';

export const reduceMean: Op = {
  name: 'ReduceMean',
  infer: reductionTypes,
  gradient({ node, builder, upstream: [dy] }) {
    const share = elementCount(builder.dims(node.outputs[0]!)) / elementCount(builder.dims(node.inputs[0]!));
    return [spreadGradient(builder, node, builder.node('Mul', [dy!, builder.scalar(share)]))];
  },
  execute: executesReduction((tf, x, axes) => tf.mean(x, axes, true)),
};
