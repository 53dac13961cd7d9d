import { dataError } from '../core/errors.ts';
import { differentiate } from './autodiff.ts';
import type { FilterLayout } from './blocked/layout.ts';
import { blockedFilters, lowerBlocked } from './blocked/lower.ts';
import type { GraphBuilder } from './builder.ts';
import { clipGradients } from './clipGradients.ts';
import { folded } from './folded.ts';
import type { Graph } from './graph.ts';
import { decays, type Optimizer, type OptimizerOptions, optimizerOf } from './optimizer.ts';
import { lowerPoolIndices } from './poolComparison.ts';
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
  /** The block of ONNX Runtime's blocked operators on this machine; left out, the standard operators are used. */
  readonly block?: number | undefined;
  /** Whether MaxPool can tell where its winners are: not so with WebGPU. Default true. */
  readonly poolIndices?: boolean;
  /** Leaves the update to the engine: the outputs are `gradientOf` each parameter instead of next values. Default false. */
  readonly gradientsOnly?: boolean;
}

/** One trained tensor. */
export interface Parameter extends FedTensor {
  /** Inputs that take what the optimiser keeps for it, of the same shape. */
  readonly state: readonly string[];
}

/** The output that is the gradient of a parameter. */
export function gradientOf(name: string): string {
  return `${name}/gradient`;
}

/** A whole training step as one graph, and what to feed it with. */
export interface TrainStep {
  readonly graph: Graph;
  readonly parameters: readonly Parameter[];
  readonly masks: readonly DropoutMask[];
  /** Running averages, which are inputs and have a next value as parameters do. */
  readonly averages: readonly FedTensor[];
  /** The inputs, and the outputs that are their next values, that are not in the plain layout. */
  readonly layouts: ReadonlyMap<string, FilterLayout>;
}

/**
 * Derives the train-step graph of a model in eval form: preprocessing, training form, mean cross-entropy of the small batch,
 * gradients and optimiser in one ONNX graph. Inputs: those of the training graph, the scalars of the optimiser, and what it
 * keeps for each parameter; outputs: `trainingOutputs` and the next value of each parameter, its state and each running
 * average; or, with `gradientsOnly`, the gradients in place of the optimiser.
 */
export function trainStep(model: Graph, options: TrainStepOptions): TrainStep {
  const builder = trainingBuilder(model, options, 'train-step');
  const { names, masks, averages, head, meanLoss } = writeForward(builder, model, options);
  const gradients = differentiate(builder, meanLoss, names);
  if (gradients.size === 0)
    throw dataError(
      `Cannot train "${options.name}": none of its weights reaches the logits, expected float32 initialisers`,
    );
  const optimizer = optimizerOf(options.optimizer);
  const write = options.gradientsOnly ? writeGradients : writeUpdates;
  const parameters = write(builder, gradients, optimizer);
  writeTrainingOutputs(builder, head, meanLoss, averages);
  const fed = new Set([...parameters.map(({ name }) => name), ...averages.keys()]);
  const { block } = options;
  const layouts = block === undefined ? new Map<string, FilterLayout>() : layoutsOf(builder, parameters, block);
  const standard = options.poolIndices === false ? lowerPoolIndices : (plain: GraphBuilder) => plain;
  const written = layouts.size > 0 ? lowerBlocked(builder, block!, layouts) : standard(builder);
  return {
    graph: withUntrained(folded(written), model, fed),
    parameters,
    masks,
    averages: [...averages.keys()].map((name) => ({ name, dims: builder.dims(name) })),
    layouts,
  };
}

/** Writes the update of every parameter with a gradient, which the builder holds, and declares its other inputs and outputs. */
export function writeUpdates(
  builder: GraphBuilder,
  gradients: ReadonlyMap<string, string>,
  optimizer: Optimizer,
): readonly Parameter[] {
  const { options } = optimizer;
  for (const name of Object.keys(optimizer.scalarsAt(1, 1))) builder.input({ name, dtype: 'float32', dims: [] });
  return [...clipped(builder, gradients, options)].map(([name, gradient]) => {
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

/** Makes the gradients themselves outputs. */
function writeGradients(
  builder: GraphBuilder,
  gradients: ReadonlyMap<string, string>,
  optimizer: Optimizer,
): readonly Parameter[] {
  return [...clipped(builder, gradients, optimizer.options)].map(([name, gradient]) => {
    builder.output(gradient, gradientOf(name));
    return { name, dims: builder.dims(name), state: optimizer.stateNames(name) };
  });
}

function clipped(builder: GraphBuilder, gradients: ReadonlyMap<string, string>, { clipNorm }: OptimizerOptions) {
  return clipNorm === null ? gradients : clipGradients(builder, gradients, clipNorm);
}

/** The layouts of filters and of what the optimiser keeps for them. */
function layoutsOf(
  builder: GraphBuilder,
  parameters: readonly Parameter[],
  block: number,
): ReadonlyMap<string, FilterLayout> {
  const filters = blockedFilters(builder, block);
  return new Map(
    parameters.flatMap(({ name, state }) => {
      const layout = filters.get(name);
      const names = [gradientOf(name), ...[name, ...state].flatMap((fed) => [fed, nextOf(fed)])];
      return layout === undefined ? [] : names.map((fed) => [fed, layout] as const);
    }),
  );
}

/** Weights that the gradient does not reach were declared as inputs: makes them weights again, where they are used at all. */
export function withUntrained(graph: Graph, model: Graph, fed: ReadonlySet<string>): Graph {
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  const untrained = (name: string) => model.weights.has(name) && !fed.has(name);
  const kept = [...model.weights].filter(([name]) => untrained(name) && used.has(name));
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => !untrained(name)),
    weights: new Map([...graph.weights, ...kept]),
  };
}
