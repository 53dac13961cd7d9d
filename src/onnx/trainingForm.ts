import type { Tensor } from '../core/tensor.ts';
import type { GraphBuilder } from './builder.ts';
import type { Classifier } from './classifier.ts';
import { addEvalNode, isDropout } from './evalForm.ts';
import { type GraphNode, numberAttribute } from './graph.ts';

/** A mask that a Dropout of the training form is fed with: 0 with probability `ratio`, else 1 / (1 - ratio). */
export interface DropoutMask {
  readonly name: string;
  readonly dims: readonly number[];
  readonly ratio: number;
}

/** ONNX's and PyTorch's default for Dropout. */
const defaultDropoutRatio = 0.5;

/**
 * Adds the nodes of a model in training form. A model file holds the eval form; here each Dropout becomes a product with a
 * seeded mask that is fed in, so that a step can be repeated bit for bit. Returns the masks wanted.
 */
export function addTrainingForm(builder: GraphBuilder, { graph, nodes }: Classifier): readonly DropoutMask[] {
  const masks: DropoutMask[] = [];
  for (const node of nodes) {
    const ratio = isDropout(node) ? dropoutRatio(builder, node) : 0;
    if (ratio === 0) {
      addEvalNode(builder, graph, node);
      continue;
    }
    const mask = { name: `rho/mask/${node.outputs[0]}`, dims: builder.dims(node.inputs[0]!), ratio };
    builder.input({ name: mask.name, dtype: 'float32', dims: mask.dims });
    builder.node('Mul', [node.inputs[0]!, mask.name], {}, { outputs: [node.outputs[0]!] });
    masks.push(mask);
  }
  return masks;
}

function dropoutRatio(builder: GraphBuilder, node: GraphNode): number {
  const given: Tensor | undefined = node.inputs[1] ? builder.known(node.inputs[1]) : undefined;
  return given === undefined ? numberAttribute(node, 'ratio', defaultDropoutRatio) : Number(given.data[0]);
}
