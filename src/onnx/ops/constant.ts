import { dataError } from '../../core/errors.ts';
import { float32, int64, type Tensor } from '../../core/tensor.ts';
import { describeNode, type GraphNode } from '../graph.ts';
import type { Op } from './op.ts';

function heldValue(node: GraphNode): Tensor {
  const { value, value_int, value_ints, value_float, value_floats } = node.attributes;
  if (value?.kind === 'tensor') return value.value;
  if (value_int?.kind === 'int') return int64([value_int.value], []);
  if (value_ints?.kind === 'ints') return int64(value_ints.value);
  if (value_float?.kind === 'float') return float32([value_float.value], []);
  if (value_floats?.kind === 'floats') return float32(value_floats.value);
  throw dataError(`${describeNode(node)} holds a kind of value that is not supported, expected numbers`);
}

export const constant: Op = {
  name: 'Constant',
  infer: ({ node }) => [heldValue(node)],
  evaluate: ({ node }) => heldValue(node),
};
