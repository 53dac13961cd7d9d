import { arrangingRules } from './arrange.ts';
import { contractingRules } from './contract.ts';
import { elementwiseRules } from './elementwise.ts';
import type { Rule } from './rule.ts';

/** What is known of the operators of ONNX's own set, by name: of all others nothing is. */
export const rules: ReadonlyMap<string, Rule> = new Map(
  Object.entries({ ...arrangingRules, ...contractingRules, ...elementwiseRules }),
);
