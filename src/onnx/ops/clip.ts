import { executesElementwise, type TfTensor } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** Cuts off below `min` and above `max` (ONNX Clip, opset 11). */
export const clip: Op = {
  name: 'Clip',
  infer: sameAsInput,
  // The gradient passes where clipping changed nothing (PyTorch's clamp passes it at the limits too).
  gradient({ node, builder, upstream: [dy] }) {
    const unchanged = builder.node('Equal', [node.inputs[0]!, node.outputs[0]!]);
    return [builder.node('Where', [unchanged, dy!, builder.scalar(0)])];
  },
  execute: executesElementwise((tf, inputs, { has }) => {
    const [x, ...limits] = inputs as readonly [TfTensor, ...TfTensor[]];
    const least = has(1) ? limits.shift() : undefined;
    const above = least === undefined ? x : tf.maximum(x, least);
    return limits.length === 0 ? above : tf.minimum(above, limits[0]!);
  }),
};
