import { usageError } from '../core/errors.ts';
import type { Classifier } from './classifier.ts';
import { runningAverages } from './trainingForm.ts';

/** Why an initialiser is not trained. */
export type FrozenReason =
  | 'not float32'
  | 'a single number'
  | 'a running average'
  | 'not on the way to the logits'
  | 'frozen by a pattern';

/** An initialiser of a model, and whether it is trained. */
export interface WeightUse {
  readonly name: string;
  readonly dims: readonly number[];
  /** Null where it is trained. */
  readonly frozen: FrozenReason | null;
}

/**
 * What training does to each initialiser of a model. Trained are those in float32, of rank 1 and up, on the way to the logits,
 * that hold no running average, and that no pattern of `freeze` fits: a name in which `*` stands for any text. Throws a usage
 * error where a pattern fits none of them.
 */
export function describeWeights(
  classifier: Pick<Classifier, 'graph' | 'nodes'>,
  freeze: readonly string[] = [],
): readonly WeightUse[] {
  const { graph, nodes } = classifier;
  const averages = new Set(runningAverages(classifier));
  const used = new Set(nodes.flatMap((node) => node.inputs));
  const all = [...graph.weights].map(([name, { dtype, dims }]): WeightUse => {
    if (averages.has(name)) return { name, dims, frozen: 'a running average' };
    if (dtype !== 'float32') return { name, dims, frozen: 'not float32' };
    if (dims.length === 0) return { name, dims, frozen: 'a single number' };
    return { name, dims, frozen: used.has(name) ? null : 'not on the way to the logits' };
  });
  const patterns = freeze.map((pattern) => fits(pattern, all));
  return all.map((use) =>
    use.frozen === null && patterns.some((pattern) => pattern.test(use.name))
      ? { ...use, frozen: 'frozen by a pattern' }
      : use,
  );
}

/** The names of the initialisers that are trained, see describeWeights. */
export function trainableParameters(classifier: Classifier, freeze: readonly string[] = []): readonly string[] {
  const names = describeWeights(classifier, freeze).flatMap(({ name, frozen }) => (frozen === null ? [name] : []));
  if (names.length === 0 && freeze.length > 0)
    throw usageError(`Cannot freeze ${freeze.join(', ')}: nothing would be left to train, leave a pattern out`);
  return names;
}

/** The pattern as a regular expression; a usage error where it fits nothing that is trained. */
function fits(pattern: string, all: readonly WeightUse[]): RegExp {
  const parts = pattern.split('*').map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`);
  const trained = all.flatMap(({ name, frozen }) => (frozen === null ? [name] : []));
  if (!trained.some((name) => expression.test(name)))
    throw usageError(
      `Cannot freeze "${pattern}": no trainable weight is called so, expected names among ${trained.join(', ')}, with * for any text`,
    );
  return expression;
}
