import type { Dtype, Tensor } from '../../core/tensor.ts';
import { describeNode, int, numberAttribute } from '../graph.ts';
import { dtypeOf, elementTypeOf } from '../tensorProto.ts';
import { executesUnary, notInTf, withoutGradient } from './execution.ts';
import { type Op, required } from './op.ts';

export const cast: Op = {
  name: 'Cast',
  infer(context) {
    const dtype = dtypeOf(numberAttribute(context.node, 'to', 0), describeNode(context.node));
    return [{ dtype, dims: required(context, 0).dims }];
  },
  gradient({ node, builder, upstream: [dy] }) {
    const { dtype } = builder.type(node.inputs[0]!);
    // Nothing flows back through whole numbers.
    return [isFloat(dtype) ? builder.node('Cast', [dy!], { to: int(elementTypeOf(dtype)) }) : undefined];
  },
  evaluate(context) {
    const value = context.constant(0);
    const [type] = cast.infer(context);
    return value !== undefined && !isFloat(value.dtype) && type?.dtype === 'int64' ? toInt64(value) : undefined;
  },
  sizes: (context) => (cast.infer(context)[0]!.dtype === 'int64' ? context.sizes(0) : undefined),
  execute: executesUnary((tf, x, { node }) => {
    const to = dtypeOf(numberAttribute(node, 'to', 0), describeNode(node));
    if (to === 'float16' || to === 'int8' || to === 'uint8') throw notInTf(node, to);
    if (isFloat(to)) return tf.cast(x, 'float32');
    return withoutGradient(tf, [x], (value) => tf.cast(value!, to === 'bool' ? 'bool' : 'int32'));
  }),
};

function toInt64(value: Tensor): Tensor {
  return { dtype: 'int64', dims: value.dims, data: BigInt64Array.from(Array.from(value.data, BigInt)) };
}

function isFloat(dtype: Dtype): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16';
}
