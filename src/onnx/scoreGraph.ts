import type { FilterLayout } from './blocked/layout.ts';
import { blockedFilters, lowerBlocked } from './blocked/lower.ts';
import { GraphBuilder } from './builder.ts';
import { type Classifier, type ClassifierOptions, findClassifier } from './classifier.ts';
import { addObservingForm, evalNode } from './evalForm.ts';
import { type Dim, type Graph, type GraphNode, int, type ValueType } from './graph.ts';
import { appendLossHead, type ExampleOutput, writeExampleOutputs } from './lossHead.ts';
import { declareStoredInputs, type FeedOptions } from './preprocess.ts';
import { addScoredLogits, logitsType, requireScorable } from './scoredLogits.ts';
import { readBy } from './subgraphs.ts';
import { elementTypeOf } from './tensorProto.ts';
import { nextOf } from './trainingGraph.ts';
import { isOldForm, keptOpsets } from './upgrade.ts';

/** How a model is scored: what it is fed with, and where its logits are. */
export interface ScoringOptions extends FeedOptions, ClassifierOptions {}

export interface ScoreGraphOptions extends ScoringOptions {
  readonly outputs: readonly ExampleOutput[];
  /** Type of the logits, for a model that does not tell it; see `logitsTypeOf`. */
  readonly logitsType?: ValueType | undefined;
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
 * the stored inputs and the labels, [batch, …], any batch size unless the model has a fixed one; gives one number per example
 * and output. Operators that nothing here knows stand in it as they are. Throws a data error where the model is no classifier
 * for these data.
 */
export function scoreGraph(model: Graph, options: ScoreGraphOptions): Graph {
  const { builder, classifier, batch } = writeModelPart(model, options);
  const type = logitsType(builder, classifier) ?? options.logitsType;
  if (type === undefined) throw new Error(`The classes of "${options.name}" are not known`);
  const logits = addScoredLogits(builder, classifier, type, batch, options);
  writeExampleOutputs(builder, appendLossHead(builder, logits), options.outputs);
  const { blocked } = options;
  return (blocked ? lowerBlocked(builder, blocked.block, blocked.layouts) : builder).build();
}

/** The layouts that a score graph in blocked operators of `block` takes those filters in that are its inputs. */
export function blockedLayouts(
  model: Graph,
  options: ScoringOptions & Pick<ScoreGraphOptions, 'weightsAsInputs'>,
  block: number,
): ReadonlyMap<string, FilterLayout> {
  return blockedFilters(writeModelPart(model, options).builder, block);
}

/** The model with those inputs alone that its logits depend on: one exported with its loss takes labels as well. */
export function scoredPart(model: Graph, options: ScoringOptions): Graph {
  const read = new Set(findClassifier(model, options.name, options).nodes.flatMap(readBy));
  const inputs = model.inputs.filter(({ name }) => read.has(name));
  return inputs.length === model.inputs.length || inputs.length === 0 ? model : { ...model, inputs };
}

/** The type of a model's logits, [batch, classes] as a rule, where it is known before it runs; undefined where it is not. */
export function logitsTypeOf(model: Graph, options: ScoringOptions): ValueType | undefined {
  const { builder, classifier } = writeModelPart(model, options);
  return logitsType(builder, classifier);
}

/** The output of `logitsShapeGraph`. */
export const logitsShape = 'rho/logits shape';

/** The graph that tells the shape of a model's logits, int64, on some examples, for a model of which it is not known. */
export function logitsShapeGraph(model: Graph, options: ScoringOptions): Graph {
  const { builder, classifier } = writeModelPart(model, options);
  const node = (op: string, input: string, output: string, attributes: GraphNode['attributes'] = {}) =>
    builder.addUntyped({ name: output, op, domain: '', inputs: [input], outputs: [output], attributes });
  // What is no number at all is refused here.
  node('Cast', classifier.logits, 'rho/logits', { to: int(elementTypeOf('float32')) });
  node('Shape', 'rho/logits', logitsShape);
  builder.declareType(logitsShape, { dtype: 'int64', dims: ['rank'] });
  builder.output(logitsShape);
  return builder.build();
}

/** The number of examples that a model takes at once where its file fixes it; undefined where any number will do. */
export function fixedBatch({ inputs }: Graph): number | undefined {
  const [size] = inputs.map(({ dims }) => dims[0]);
  return typeof size === 'number' && inputs.every(({ dims }) => dims[0] === size) ? size : undefined;
}

interface ModelPart {
  readonly builder: GraphBuilder;
  readonly classifier: Classifier;
  readonly batch: Dim;
}

/** Preprocessing and the model up to its logits. */
function writeModelPart(
  model: Graph,
  options: ScoringOptions & Pick<ScoreGraphOptions, 'observed' | 'weightsAsInputs'>,
): ModelPart {
  const { name, observed, weightsAsInputs } = options;
  const classifier = findClassifier(model, name, options);
  requireScorable(classifier, options);
  const batch = observed ?? fixedBatch(model) ?? 'batch';
  const builder = new GraphBuilder(model.name, keptOpsets(model, classifier.nodes, name), model);
  declareStoredInputs(builder, model, batch, options);
  for (const [weight, tensor] of model.weights) {
    if (weightsAsInputs?.has(weight)) builder.input({ name: weight, ...tensor });
    else builder.weight(weight, tensor);
  }
  if (observed === undefined) for (const node of classifier.nodes) addForScoring(builder, model, node);
  else for (const [average, next] of addObservingForm(builder, classifier)) builder.output(next, nextOf(average));
  return { builder, classifier, batch };
}

function addForScoring(builder: GraphBuilder, model: Graph, node: GraphNode): void {
  const scored = evalNode(builder, model, node);
  if (isOldForm(scored) && builder.opset < 13) builder.addUntyped(scored);
  else builder.addUnchecked(scored);
}
