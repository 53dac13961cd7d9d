import { positiveAxis } from '../dims.ts';
import { numberAttribute, stringAttribute } from '../graph.ts';
import { notInTf, plain } from './execution.ts';
import { type Op, sameAsInput } from './op.ts';
import { flatPositions, gatherRows } from './tfGather.ts';

/** Written into the gradient of GatherElements; nothing is trained through it. */
export const scatterElements: Op = {
  name: 'ScatterElements',
  infer: sameAsInput,
  execute: ({ tf, node, input }) => {
    const [x, indices, updates] = [input(0).plain(), input(1).plain(), input(2).plain()];
    const positions = flatPositions(tf, x.shape, indices, positiveAxis(numberAttribute(node, 'axis', 0), x.rank));
    const flat = tf.reshape(x, [-1]);
    const reduction = stringAttribute(node, 'reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add') throw notInTf(node, `reduction ${reduction}`);
    const given = tf.reshape(updates, [-1]);
    // What is put in place of a number changes it by the difference.
    const change = reduction === 'add' ? given : tf.sub(given, gatherRows(tf, flat, positions));
    const added = tf.scatterND(tf.reshape(positions, [-1, 1]) as never, change, flat.shape as [number]);
    return [plain(tf, tf.reshape(tf.add(flat, added), x.shape))];
  },
};
