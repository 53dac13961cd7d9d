import type { Tensor } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import type { GraphNode, ValueType } from '../graph.ts';
import type { Execute } from './execution.ts';
import type { Sizes } from './sizes.ts';

/** What a shape rule may look at. */
export interface InferContext {
  readonly node: GraphNode;
  /** The types of the inputs; undefined for an optional input that is left out. */
  readonly inputs: readonly (ValueType | undefined)[];
  /** The value of input `index` where it is known before the graph runs, as shapes and axes are. */
  readonly constant: (index: number) => Tensor | undefined;
  /** The whole numbers of input `index` where they are known, some perhaps by name; `constant` gives numbers alone. */
  readonly sizes: (index: number) => Sizes | undefined;
}

/** What a gradient may look at and add to. */
export interface GradientContext {
  readonly node: GraphNode;
  readonly builder: GraphBuilder;
  /** The gradient of the loss by each output; undefined where the loss does not depend on it. */
  readonly upstream: readonly (string | undefined)[];
  /** Whether the gradient by input `index` is needed: others may be left undefined. */
  readonly wanted: (index: number) => boolean;
}

/** Everything the project knows of one ONNX operator. */
export interface Op {
  readonly name: string;
  /** The types of the outputs (ONNX operator specification, shape inference). */
  readonly infer: (context: InferContext) => readonly ValueType[];
  /** Writes the gradient by each input as ONNX nodes. Absent: the operator can be scored, not trained through. */
  readonly gradient?: (context: GradientContext) => readonly (string | undefined)[];
  /**
   * The output where it is known before the graph runs, for operators that exporters compute shapes with; undefined where
   * it is not.
   */
  readonly evaluate?: (context: InferContext) => Tensor | undefined;
  /** The same for whole numbers, of which some may be known by name only, as the size of the batch is. */
  readonly sizes?: (context: InferContext) => Sizes | undefined;
  /** Runs the operator with TensorFlow.js, which finds gradients itself. Absent: engine tfjs cannot train through it. */
  readonly execute?: Execute;
}

/** The type of a required input; throws where the graph leaves it out. */
export function required(context: InferContext, index: number): ValueType {
  const type = context.inputs[index];
  if (type === undefined) throw new Error(`${context.node.op} lacks its input ${index}`);
  return type;
}

/** The shape rule of an operator whose one output looks like its first input. */
export function sameAsInput(context: InferContext): readonly ValueType[] {
  return [required(context, 0)];
}
