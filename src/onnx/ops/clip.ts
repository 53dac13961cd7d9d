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
};
