import { positiveAxis } from '../dims.ts';
import { int, numberAttribute } from '../graph.ts';
import { alongLast, executesPlain, notInTf } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';

/** Running sums along an axis (ONNX CumSum, opset 11). */
export const cumSum: Op = {
  name: 'CumSum',
  infer: sameAsInput,
  // What comes first counts in every later sum: the sum from the other end.
  gradient({ node, builder, upstream: [dy] }) {
    const reverse = int(1 - numberAttribute(node, 'reverse', 0));
    const exclusive = int(numberAttribute(node, 'exclusive', 0));
    return [builder.node('CumSum', [dy!, node.inputs[1]!], { exclusive, reverse }), undefined];
  },
  execute: executesPlain((x, { tf, node, constant }) => {
    const axis = constant(1);
    if (axis === undefined) throw notInTf(node, 'an axis that is computed');
    const flag = (name: string) => numberAttribute(node, name, 0) === 1;
    // Along another axis than the last one TensorFlow.js has a wrong gradient.
    return alongLast(tf, x, positiveAxis(Number(axis.data[0]), x.rank), (last) =>
      tf.cumsum(last, last.rank - 1, flag('exclusive'), flag('reverse')),
    );
  }),
};
