import type { Tensor } from '../core/tensor.ts';
import { addBatchNorm, type NextAverages } from './batchNorm.ts';
import type { GraphBuilder } from './builder.ts';
import type { Classifier } from './classifier.ts';
import { addEvalNode, isBatchNorm, isDropout } from './evalForm.ts';
import { type GraphNode, numberAttribute } from './graph.ts';
import { addGelu, findGelus } from './trainingGelu.ts';

/** A mask that a Dropout of the training form is fed with: 0 with probability `ratio`, else 1 / (1 - ratio). */
export interface DropoutMask {
  readonly name: string;
  readonly dims: readonly number[];
  readonly ratio: number;
}

/** ONNX's and PyTorch's default for Dropout. */
const defaultDropoutRatio = 0.5;

/** What a training form needs from step to step beside its weights. */
export interface TrainingForm {
  readonly masks: readonly DropoutMask[];
  readonly averages: ReadonlyMap<string, string>;
}

/**
 * Adds the nodes of a model in training form. A model file holds the eval form; here each Dropout becomes a product with a
 * seeded mask that is fed in, so that a step can be repeated bit for bit, and each BatchNormalization takes mean and variance
 * of the batch.
 */
export function addTrainingForm(builder: GraphBuilder, { graph, nodes }: Classifier): TrainingForm {
  const masks: DropoutMask[] = [];
  const averages: NextAverages = new Map();
  const gelus = findGelus(graph, nodes);
  for (const node of nodes) {
    const gelu = gelus.get(node);
    if (gelu !== undefined) {
      if (gelu.y === node.outputs[0]) addGelu(builder, gelu);
    } else if (isDropout(node) && dropoutRatio(builder, node) > 0) masks.push(addDropout(builder, node));
    else if (isBatchNorm(node)) addBatchNorm(builder, node, averages);
    else addEvalNode(builder, graph, node);
  }
  return { masks, averages };
}

/** The initialisers that hold running averages of the model. */
export function runningAverages({ nodes }: Pick<Classifier, 'nodes'>): readonly string[] {
  return nodes.filter(isBatchNorm).flatMap((node) => node.inputs.slice(3, 5));
}

function addDropout(builder: GraphBuilder, node: GraphNode): DropoutMask {
  const dims = builder.dims(node.inputs[0]!);
  const mask = { name: `rho/mask/${node.outputs[0]}`, dims, ratio: dropoutRatio(builder, node) };
  builder.input({ name: mask.name, dtype: 'float32', dims });
  builder.node('Mul', [node.inputs[0]!, mask.name], {}, { outputs: [node.outputs[0]!] });
  return mask;
}

function dropoutRatio(builder: GraphBuilder, node: GraphNode): number {
  const given: Tensor | undefined = node.inputs[1] ? builder.known(node.inputs[1]) : undefined;
  return given === undefined ? numberAttribute(node, 'ratio', defaultDropoutRatio) : Number(given.data[0]);
}
