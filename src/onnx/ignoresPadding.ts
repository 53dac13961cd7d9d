import { RhoError } from '../core/errors.ts';
import type { Graph } from './graph.ts';
import { followed } from './padding/follow.ts';
import { batchSize } from './padding/value.ts';
import { fixedBatch, logitsTypeOf, type ScoreGraphOptions, type ScoringOptions, scoreGraph } from './scoreGraph.ts';
import { anyLength, maskInput } from './tokens.ts';

/**
 * Whether a model gives a text the same loss however much padding stands behind it, so that its score graph may be derived with
 * `anyLength` and fed texts without theirs. That is so where it takes an attention mask and what `padding/follow.ts` knows of its
 * operators shows that its loss depends on neither the length nor what is at padding; wherever that is in doubt, it is not. Taken
 * for granted is that embeddings, activations and weights that are fed are finite and scores of attention thousands apart at most.
 */
export function ignoresPadding(
  model: Graph,
  options: ScoringOptions & Pick<ScoreGraphOptions, 'weightsAsInputs'>,
): boolean {
  const { stored, preprocessing } = options;
  const longest = stored[0]?.dims[0] ?? 0;
  const isMasked = preprocessing.kind === 'tokens' && model.inputs.some(({ name }) => name === maskInput);
  // Of the lengths below the longest, one that is told from that.
  if (!isMasked || longest < 3 || fixedBatch(model) !== undefined) return false;
  try {
    const logitsType = logitsTypeOf(model, options);
    if (logitsType === undefined) return false;
    const graph = scoreGraph(model, { ...options, outputs: ['loss'], anyLength: true, logitsType });
    const values = followed(graph, { length: longest - 1, longest, padding: preprocessing.padding });
    return graph.outputs.every(({ name }) => {
      const axes = values.get(name)?.axes;
      return axes?.length === 1 && axes[0]!.length === 1 && axes[0]![0] === batchSize;
    });
  } catch (error) {
    if (!(error instanceof RhoError)) throw error;
    return false;
  }
}

/** A graph of any length as it is for texts of one. */
export function ofLength(graph: Graph, length: number): Graph {
  const inputs = graph.inputs.map((input) => ({
    ...input,
    dims: input.dims.map((dim) => (dim === anyLength ? length : dim)),
  }));
  return { ...graph, inputs };
}
