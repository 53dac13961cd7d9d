import type { FilterLayout } from './blocked/layout.ts';
import { lowerBlocked } from './blocked/lower.ts';
import { GraphBuilder } from './builder.ts';
import { requireClassifier, requireLogits } from './classifier.ts';
import { addEvalForm, addObservingForm } from './evalForm.ts';
import type { Graph } from './graph.ts';
import { appendLossHead, type ExampleOutput, writeExampleOutputs } from './lossHead.ts';
import { declareStoredInputs, type FeedOptions } from './preprocess.ts';
import { nextOf } from './trainingGraph.ts';
import { upgradedOpsets } from './upgrade.ts';

export interface ScoreGraphOptions extends FeedOptions {
  readonly outputs: readonly ExampleOutput[];
  /** Initialisers that become inputs, so that fresh weights can be fed at every run; default none. */
  readonly weightsAsInputs?: ReadonlySet<string>;
  /**
   * A fixed number of examples, whose statistics move the running averages of batch normalisation: the next values of those
   * are outputs too. Left out, they stay, and batches may be of any size.
   */
  readonly observed?: number;
  /** Writes it in blocked operators of this block, with inputs in these layouts. */
  readonly blocked?: { readonly block: number; readonly layouts: ReadonlyMap<string, FilterLayout> } | undefined;
}

/**
 * The graph that scores examples: the model in eval form, preprocessing in front, the per-example loss head behind. Takes
 * the stored inputs and the labels, [batch, …], any batch size; gives one number per example and output.
 */
export function scoreGraph(model: Graph, options: ScoreGraphOptions): Graph {
  const classifier = requireClassifier(model, options.name);
  const { logits } = classifier;
  const builder = new GraphBuilder(model.name, upgradedOpsets(model, options.name), model);
  const { blocked, observed } = options;
  declareStoredInputs(builder, model, observed ?? 'batch', options);
  for (const [name, tensor] of model.weights) {
    if (options.weightsAsInputs?.has(name)) builder.input({ name, ...tensor });
    else builder.weight(name, tensor);
  }
  if (observed === undefined) addEvalForm(builder, classifier);
  else for (const [name, next] of addObservingForm(builder, classifier)) builder.output(next, nextOf(name));
  requireLogits(builder, logits, options);
  writeExampleOutputs(builder, appendLossHead(builder, logits), options.outputs);
  return (blocked ? lowerBlocked(builder, blocked.block, blocked.layouts) : builder).build();
}
