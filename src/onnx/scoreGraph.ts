import { GraphBuilder } from './builder.ts';
import { requireClassifier, requireLogits } from './classifier.ts';
import { addEvalForm } from './evalForm.ts';
import type { Graph } from './graph.ts';
import { appendLossHead, type ExampleOutput, writeExampleOutputs } from './lossHead.ts';
import { declareStoredInputs, type FeedOptions } from './preprocess.ts';
import { upgradedOpsets } from './upgrade.ts';

export interface ScoreGraphOptions extends FeedOptions {
  readonly outputs: readonly ExampleOutput[];
  /** Initialisers that become inputs, so that fresh weights can be fed at every run; default none. */
  readonly weightsAsInputs?: ReadonlySet<string>;
}

/**
 * The graph that scores examples: the model in eval form, preprocessing in front, the per-example loss head behind. Takes
 * the stored inputs and the labels, [batch, …], any batch size; gives one number per example and output.
 */
export function scoreGraph(model: Graph, options: ScoreGraphOptions): Graph {
  const classifier = requireClassifier(model, options.name);
  const { logits } = classifier;
  const builder = new GraphBuilder(model.name, upgradedOpsets(model, options.name), model);
  declareStoredInputs(builder, model, 'batch', options);
  for (const [name, tensor] of model.weights) {
    if (options.weightsAsInputs?.has(name)) builder.input({ name, ...tensor });
    else builder.weight(name, tensor);
  }
  addEvalForm(builder, classifier);
  requireLogits(builder, logits, options);
  writeExampleOutputs(builder, appendLossHead(builder, logits), options.outputs);
  return builder.build();
}
