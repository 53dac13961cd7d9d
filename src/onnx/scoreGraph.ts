import { GraphBuilder } from './builder.ts';
import { classCount, findClassifier } from './classifier.ts';
import type { Graph } from './graph.ts';
import { appendLossHead, type ExampleOutput, writeExampleOutputs } from './lossHead.ts';
import { declareStoredInputs, type FeedOptions } from './preprocess.ts';

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
  const { graph, nodes, logits } = findClassifier(model, options.name);
  const builder = new GraphBuilder(graph.name, graph.opsets);
  declareStoredInputs(builder, graph, 'batch', options);
  for (const [name, tensor] of graph.weights) {
    if (options.weightsAsInputs?.has(name)) builder.input({ name, ...tensor });
    else builder.weight(name, tensor);
  }
  for (const node of nodes) builder.add(node);
  classCount(builder, logits, options.name);
  writeExampleOutputs(builder, appendLossHead(builder, logits), options.outputs);
  return builder.build();
}
