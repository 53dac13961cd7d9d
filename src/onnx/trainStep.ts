import { dataError } from '../core/errors.ts';
import { differentiate } from './autodiff.ts';
import type { GraphBuilder } from './builder.ts';
import { clipGradients } from './clipGradients.ts';
import type { Graph } from './graph.ts';
import { decays, type Optimizer, type OptimizerOptions, optimizerOf } from './optimizer.ts';
import type { DropoutMask } from './trainingForm.ts';
import {
  type FedTensor,
  nextOf,
  type TrainingGraphOptions,
  trainingBuilder,
  writeForward,
  writeTrainingOutputs,
} from './trainingGraph.ts';

export interface TrainStepOptions extends TrainingGraphOptions {
  readonly optimizer: OptimizerOptions;
}

/** One trained tensor. */
export interface Parameter extends FedTensor {
  /** Inputs that take what the optimiser keeps for it, of the same shape. */
  readonly state: readonly string[];
}

/** A whole training step as one graph, and what to feed it with. */
export interface TrainStep {
  readonly graph: Graph;
  readonly parameters: readonly Parameter[];
  readonly masks: readonly DropoutMask[];
  /** Running averages, which are inputs and have a next value as parameters do. */
  readonly averages: readonly FedTensor[];
}

/**
 * Derives the train-step graph of a model in eval form: preprocessing, training form, mean cross-entropy of the small batch,
 * gradients and optimiser in one ONNX graph. Inputs: those of the training graph, the scalars of the optimiser, and what it
 * keeps for each parameter; outputs: `trainingOutputs` and the next value of each parameter, its state and each running
 * average.
 */
export function trainStep(model: Graph, options: TrainStepOptions): TrainStep {
  const builder = trainingBuilder(model, options, 'train-step');
  const { names, masks, averages, head, meanLoss } = writeForward(builder, model, options);
  const gradients = differentiate(builder, meanLoss, names);
  if (gradients.size === 0)
    throw dataError(
      `Cannot train "${options.name}": none of its weights reaches the logits, expected float32 initialisers`,
    );
  const parameters = writeUpdates(builder, gradients, optimizerOf(options.optimizer));
  writeTrainingOutputs(builder, head, meanLoss, averages);
  const fed = new Set([...parameters, ...averages].map(({ name }) => name));
  return {
    graph: withUntrained(builder.build(), model, fed),
    parameters,
    masks,
    averages: averages.map(({ name }) => ({ name, dims: builder.dims(name) })),
  };
}

function writeUpdates(
  builder: GraphBuilder,
  gradients: ReadonlyMap<string, string>,
  optimizer: Optimizer,
): readonly Parameter[] {
  const { options } = optimizer;
  for (const name of Object.keys(optimizer.scalarsAt(1, 1))) builder.input({ name, dtype: 'float32', dims: [] });
  const clipped = options.clipNorm === null ? gradients : clipGradients(builder, gradients, options.clipNorm);
  return [...clipped].map(([name, gradient]) => {
    const dims = builder.dims(name);
    const state = optimizer.stateNames(name);
    for (const kept of state) builder.input({ name: kept, dtype: 'float32', dims });
    const next = optimizer.write(builder, { parameter: name, state }, gradient, decays(options, dims));
    builder.output(next.parameter, nextOf(name));
    next.state.forEach((value, index) => {
      builder.output(value, nextOf(state[index]!));
    });
    return { name, dims, state };
  });
}

/** Weights that the gradient does not reach were declared as inputs: makes them weights again, where they are used at all. */
function withUntrained(graph: Graph, model: Graph, fed: ReadonlySet<string>): Graph {
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  const untrained = (name: string) => model.weights.has(name) && !fed.has(name);
  const kept = [...model.weights].filter(([name]) => untrained(name) && used.has(name));
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => !untrained(name)),
    weights: new Map([...graph.weights, ...kept]),
  };
}
