import { GraphBuilder } from './builder.ts';
import { requireClassifier, requireLogits } from './classifier.ts';
import type { Graph } from './graph.ts';
import { appendLossHead, type LossHead, writeExampleOutputs } from './lossHead.ts';
import { declareStoredInputs, type FeedOptions } from './preprocess.ts';
import { trainableParameters } from './trainable.ts';
import { addTrainingForm, type DropoutMask, runningAverages, type TrainingForm } from './trainingForm.ts';
import { upgradedOpsets } from './upgrade.ts';

export interface TrainingGraphOptions extends FeedOptions {
  /** Examples of a step. */
  readonly smallBatch: number;
  /** Weights that are left as they are, by names in which * stands for any text; default none. */
  readonly freeze?: readonly string[];
}

/** A tensor that steps change, which a training graph takes as an input: a weight or a running average. */
export interface FedTensor {
  readonly name: string;
  readonly dims: readonly number[];
}

/** The forward half of a training step as a graph, for an engine that finds the gradients itself. */
export interface TrainingGraph {
  readonly graph: Graph;
  /** What may be trained; a gradient need not reach all of them. */
  readonly parameters: readonly FedTensor[];
  readonly masks: readonly DropoutMask[];
  /** Their next values are outputs. */
  readonly averages: readonly FedTensor[];
}

/** The outputs of a training graph beside the next values: of each example before the step, and their mean loss. */
export const trainingOutputs = ['meanLoss', 'loss', 'predicted'] as const;

/** The name under which a graph gives the next value of an input. */
export function nextOf(name: string): string {
  return `${name}/next`;
}

/**
 * Derives the forward half of a training step from a model in eval form. Inputs: the stored examples, labels, dropout masks,
 * trainable weights and running averages; outputs: `trainingOutputs` and the next values of the running averages.
 */
export function trainingGraph(model: Graph, options: TrainingGraphOptions): TrainingGraph {
  const builder = trainingBuilder(model, options, 'training');
  const { names, masks, averages, head, meanLoss } = writeForward(builder, model, options);
  writeTrainingOutputs(builder, head, meanLoss, averages);
  const fed = (name: string): FedTensor => ({ name, dims: builder.dims(name) });
  return { graph: builder.build(), parameters: names.map(fed), masks, averages: [...averages.keys()].map(fed) };
}

/** A builder for what is derived from `model` to train it. */
export function trainingBuilder(model: Graph, { name }: FeedOptions, what: string): GraphBuilder {
  return new GraphBuilder(`${model.name}/${what}`, upgradedOpsets(model, name), model);
}

/** The forward half as it stands in a builder. */
export interface Forward extends TrainingForm {
  /** The weights that may be trained. */
  readonly names: readonly string[];
  readonly head: LossHead;
  /** The scalar to be lowered: mean cross-entropy of the small batch. */
  readonly meanLoss: string;
}

/** Writes preprocessing, training form and mean cross-entropy. */
export function writeForward(builder: GraphBuilder, model: Graph, options: TrainingGraphOptions): Forward {
  const classifier = requireClassifier(model, options.name);
  const names = trainableParameters(classifier, options.freeze);
  const fed = new Set([...names, ...runningAverages(classifier)]);
  declareStoredInputs(builder, model, options.smallBatch, options);
  for (const [name, tensor] of model.weights) {
    if (fed.has(name)) builder.input({ name, ...tensor });
    else builder.weight(name, tensor);
  }
  const form = addTrainingForm(builder, classifier);
  requireLogits(builder, classifier.logits, options);
  const head = appendLossHead(builder, classifier.logits);
  const meanLoss = builder.node('ReduceMean', [head.loss], { keepdims: { kind: 'int', value: 0 } });
  return { ...form, names, head, meanLoss };
}

/** Makes what a step tells, and the next running averages, outputs of the graph. */
export function writeTrainingOutputs(
  builder: GraphBuilder,
  head: LossHead,
  meanLoss: string,
  averages: TrainingForm['averages'],
): void {
  for (const [name, next] of averages) builder.output(next, nextOf(name));
  builder.output(meanLoss, 'meanLoss');
  writeExampleOutputs(builder, head, ['loss', 'predicted']);
}
