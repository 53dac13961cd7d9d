import { dataError } from '../core/errors.ts';
import { adamwInputs, writeAdamw } from './adamw.ts';
import { differentiate } from './autodiff.ts';
import { GraphBuilder } from './builder.ts';
import { type Classifier, requireClassifier, requireLogits } from './classifier.ts';
import type { Graph } from './graph.ts';
import { appendLossHead, writeExampleOutputs } from './lossHead.ts';
import { declareStoredInputs, type FeedOptions } from './preprocess.ts';
import { addTrainingForm, type DropoutMask, runningAverages } from './trainingForm.ts';
import { upgradedOpsets } from './upgrade.ts';

export interface TrainStepOptions extends FeedOptions {
  readonly smallBatch: number;
  /** Decay rates of AdamW's moments; default .9 and .999. */
  readonly betas: readonly [number, number];
}

/** One trained tensor: its inputs are also the names of its outputs with `/next` behind. */
export interface Parameter {
  readonly name: string;
  readonly dims: readonly number[];
  /** Inputs of the first and second moment. */
  readonly moments: readonly [string, string];
}

/** A whole training step as one graph, and what to feed it with. */
export interface TrainStep {
  readonly graph: Graph;
  readonly parameters: readonly Parameter[];
  readonly masks: readonly DropoutMask[];
  /** Running averages, which are inputs and have a next value as parameters do. */
  readonly averages: readonly { readonly name: string; readonly dims: readonly number[] }[];
}

/** The name under which a step gives the next value of an input. */
export function nextOf(name: string): string {
  return `${name}/next`;
}

/** The outputs of a train step beside the next weights and moments: of each example before the step, and their mean loss. */
export const trainStepOutputs = ['meanLoss', 'loss', 'predicted'] as const;

/**
 * Derives the train-step graph of a model in eval form: preprocessing, training form, mean cross-entropy of the small batch,
 * gradients and AdamW in one ONNX graph. Inputs: the stored examples, labels, the scalars of AdamW, dropout masks, and each
 * parameter with its two moments; outputs: `trainStepOutputs` and the next value of each parameter and moment.
 */
export function trainStep(model: Graph, options: TrainStepOptions): TrainStep {
  const classifier = requireClassifier(model, options.name);
  const names = trainableParameters(classifier);
  const averaged = new Set(runningAverages(classifier));
  const builder = new GraphBuilder(`${model.name}/train-step`, upgradedOpsets(model, options.name), model);
  declareStoredInputs(builder, model, options.smallBatch, options);
  for (const [name, tensor] of model.weights) {
    if (names.includes(name) || averaged.has(name)) builder.input({ name, ...tensor });
    else builder.weight(name, tensor);
  }
  const { masks, averages } = addTrainingForm(builder, classifier);
  requireLogits(builder, classifier.logits, options);
  const head = appendLossHead(builder, classifier.logits);
  const meanLoss = builder.node('ReduceMean', [head.loss], { keepdims: { kind: 'int', value: 0 } });

  const gradients = differentiate(builder, meanLoss, names);
  for (const name of adamwInputs) builder.input({ name, dtype: 'float32', dims: [] });
  const parameters = names
    .filter((name) => gradients.has(name))
    .map((name) => writeUpdate(builder, name, gradients.get(name)!, options.betas));
  if (parameters.length === 0)
    throw dataError(
      `Cannot train "${options.name}": none of its weights reaches the logits, expected float32 initialisers`,
    );
  for (const { name, next } of averages) builder.output(next, nextOf(name));
  builder.output(meanLoss, 'meanLoss');
  writeExampleOutputs(builder, head, ['loss', 'predicted']);
  return {
    graph: withUntrained(builder.build(), model, new Set([...parameters.map(({ name }) => name), ...averaged])),
    parameters,
    masks,
    averages: averages.map(({ name }) => ({ name, dims: builder.dims(name) })),
  };
}

/** The initialisers that can be trained: float32, of rank 1 and up, on the way to the logits, no running averages. */
export function trainableParameters(classifier: Classifier): readonly string[] {
  const { graph, nodes } = classifier;
  const averages = new Set(runningAverages(classifier));
  const used = new Set(nodes.flatMap((node) => node.inputs));
  return [...graph.weights]
    .filter(
      ([name, tensor]) => tensor.dtype === 'float32' && tensor.dims.length > 0 && used.has(name) && !averages.has(name),
    )
    .map(([name]) => name);
}

function writeUpdate(
  builder: GraphBuilder,
  name: string,
  gradient: string,
  betas: readonly [number, number],
): Parameter {
  const dims = builder.dims(name);
  const moments = [`${name}/moment1`, `${name}/moment2`] as const;
  for (const moment of moments) builder.input({ name: moment, dtype: 'float32', dims });
  const next = writeAdamw(builder, name, gradient, moments, betas);
  builder.output(next.parameter, nextOf(name));
  next.moments.forEach((value, index) => {
    builder.output(value, nextOf(moments[index]!));
  });
  return { name, dims, moments };
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
