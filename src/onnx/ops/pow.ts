import { summedTo } from '../gradients.ts';
import { broadcastTypes } from './elementwise.ts';
import { executesElementwise } from './execution.ts';
import { type Op, required } from './op.ts';

export const pow: Op = {
  name: 'Pow',
  infer: (context) => broadcastTypes(context).map((type) => ({ ...type, dtype: required(context, 0).dtype })),
  gradient({ node, builder: b, upstream: [dy], wanted }) {
    const [x, exponent] = node.inputs as [string, string];
    const byBase = () => {
      const less = b.node('Sub', [exponent, b.scalar(1)]);
      return b.node('Mul', [dy!, b.node('Mul', [exponent, b.node('Pow', [x, less])])]);
    };
    const byExponent = () => b.node('Mul', [dy!, b.node('Mul', [node.outputs[0]!, b.node('Log', [x])])]);
    return [
      wanted(0) ? summedTo(b, byBase(), x) : undefined,
      wanted(1) ? summedTo(b, byExponent(), exponent) : undefined,
    ];
  },
  execute: executesElementwise((tf, [x, exponent]) => tf.pow(x!, exponent!)),
};
