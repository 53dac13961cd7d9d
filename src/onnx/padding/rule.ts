import type { Dtype } from '../../core/tensor.ts';
import type { Dim, GraphNode } from '../graph.ts';
import type { Value } from './value.ts';

/** A node, and what is known of what it is given. */
export interface RuleContext {
  readonly node: GraphNode;
  /** Those that are given; a hole where one is left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly dtype: Dtype;
  /** The sizes of the outputs for texts of one length: those of plain axes are the same for all lengths. */
  readonly dims: readonly (readonly Dim[])[];
  readonly opset: number;
  /** Tokens of the longest text. */
  readonly longest: number;
  /** The id of padding. */
  readonly padding: number;
}

/** What is known of the outputs of a node; undefined where that is nothing. */
export type Rule = (context: RuleContext) => readonly Value[] | undefined;

/** A list of numbers that input `index` holds; undefined where one is not known, or none are given. */
export function listOf({ inputs }: RuleContext, index: number): readonly Dim[] | undefined {
  return inputs[index]?.elements;
}

/** The same where all are numbers for every text and length. */
export function numbersOf(context: RuleContext, index: number): readonly number[] | undefined {
  const list = listOf(context, index);
  return list?.every((element) => typeof element === 'number') ? list : undefined;
}
