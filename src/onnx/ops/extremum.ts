import { broadcastDims } from '../dims.ts';
import { summedTo } from '../gradients.ts';
import { type Dim, describeNode, type ValueType } from '../graph.ts';
import {
  broadcast,
  type Execute,
  executesElementwise,
  type TfModule,
  type TfTensor,
  withoutGradient,
} from './execution.ts';
import { type GradientContext, type InferContext, required } from './op.ts';

/** The shape rule of Max and Min, which take any number of inputs and broadcast them. */
export function extremumTypes(context: InferContext): readonly ValueType[] {
  const types = context.node.inputs.map((_, index) => required(context, index));
  const what = describeNode(context.node);
  const dims = types.reduce<readonly Dim[]>((whole, type) => broadcastDims(whole, type.dims, what), []);
  return [{ dtype: types[0]!.dtype, dims }];
}

/** The gradient goes to the first input that is the result (PyTorch shares it among equals). */
export function extremumGradient({ node, builder, upstream: [dy], wanted }: GradientContext): (string | undefined)[] {
  let left = dy!;
  return node.inputs.map((input, index) => {
    const wins = builder.node('Equal', [input, node.outputs[0]!]);
    const own = wanted(index) ? builder.node('Where', [wins, left, builder.scalar(0)]) : undefined;
    left = builder.node('Where', [wins, builder.scalar(0), left]);
    return own === undefined ? undefined : summedTo(builder, own, input);
  });
}

/** Max or Min in TensorFlow.js, two inputs at a time. */
export function executesExtremum(larger: (tf: TfModule, a: TfTensor, b: TfTensor) => TfTensor): Execute {
  return executesElementwise((tf, inputs) => {
    const shape = inputs.reduce<readonly number[]>(
      (whole, { shape }) => broadcastDims(whole, shape, '') as number[],
      [],
    );
    return inputs.map((tensor) => broadcast(tf, tensor, shape)).reduce((a, b) => chosenOf(tf, a, b, larger(tf, a, b)));
  });
}

/** `result`, whose gradient goes to `a` alone where both are equal. */
function chosenOf(tf: TfModule, a: TfTensor, b: TfTensor, result: TfTensor): TfTensor {
  return tf.where(
    withoutGradient(tf, [a, result], (left, right) => tf.equal(left!, right!)),
    a,
    b,
  );
}
