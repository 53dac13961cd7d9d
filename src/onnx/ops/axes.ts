import { intsAttribute } from '../graph.ts';
import type { InferContext } from './op.ts';

/** Axes that older opsets give as an attribute and newer ones as an input; undefined where none are given. */
export function listedAxes({ node, constant }: Pick<InferContext, 'node' | 'constant'>): readonly number[] | undefined {
  const given = constant(1);
  return given === undefined ? intsAttribute(node, 'axes') : Array.from(given.data, Number);
}
