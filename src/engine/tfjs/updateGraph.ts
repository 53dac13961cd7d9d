import { GraphBuilder } from '../../onnx/builder.ts';
import type { Graph } from '../../onnx/graph.ts';
import { type OptimizerOptions, optimizerOf } from '../../onnx/optimizer.ts';
import type { FedTensor } from '../../onnx/trainingGraph.ts';
import { gradientOf, type Parameter, writeUpdates } from '../../onnx/trainStep.ts';

/** The optimiser as a graph of its own. */
export interface UpdateGraph {
  readonly graph: Graph;
  readonly parameters: readonly Parameter[];
}

/**
 * Derives the graph that takes parameters, their gradients, what the optimiser keeps and its scalars to the next values: the
 * optimiser of the train-step graph word for word, so that both engines have the same.
 */
export function updateGraph(trained: readonly FedTensor[], optimizer: OptimizerOptions): UpdateGraph {
  const builder = new GraphBuilder('update');
  const gradients = new Map(
    trained.map(({ name, dims }) => {
      builder.input({ name, dtype: 'float32', dims });
      return [name, builder.input({ name: gradientOf(name), dtype: 'float32', dims })];
    }),
  );
  const parameters = writeUpdates(builder, gradients, optimizerOf(optimizer));
  return { graph: builder.build(), parameters };
}
