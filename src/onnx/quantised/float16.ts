import { dataError } from '../../core/errors.ts';
import { toFloat16 } from '../../core/float16.ts';
import type { Dtype, Tensor } from '../../core/tensor.ts';
import { GraphBuilder } from '../builder.ts';
import { findClassifier } from '../classifier.ts';
import { addEvalForm } from '../evalForm.ts';
import { describeNode, type Graph, type GraphNode, int } from '../graph.ts';
import { findOp } from '../ops/index.ts';
import type { ScoringOptions } from '../scoreGraph.ts';
import { elementTypeOf } from '../tensorProto.ts';
import { upgradedOpsets } from '../upgrade.ts';
import { usedPart } from '../used.ts';

type FloatType = Extract<Dtype, 'float16' | 'float32'>;

/** Operators whose results leave the range of float16 easily, and those that give float32 whatever they are given. */
const keptOps: ReadonlySet<string> = new Set([
  ...['Exp', 'Log', 'Pow', 'Sqrt', 'Reciprocal', 'CumSum', 'ReduceMean', 'ReduceSum', 'ReduceSumSquare'],
  ...['Cast', 'Constant', 'ConstantOfShape', 'Range'],
]);

/** The smallest number that float16 holds with all its digits. */
const smallestNormal = 2 ** -14;

/**
 * A model that computes its logits in float16 with weights in float16, limited to ±65504. It takes and gives float32, so that
 * preprocessing and loss head stay in that. Operators that leave the range of float16 easily are computed in float32, and so are
 * those with a single constant, or a variance, that is too small for it, such as an epsilon. A closing Softmax is left away.
 * Throws a data error for an operator that is not known here.
 */
export function float16Model(model: Graph, { name, logits }: Pick<ScoringOptions, 'name' | 'logits'>): Graph {
  const classifier = findClassifier(model, name, logits === undefined ? {} : { logits });
  const unknown = classifier.nodes.find((node) => findOp(node) === undefined);
  if (unknown !== undefined)
    throw dataError(
      `Cannot score "${name}" in fp16: nothing is known here of the types of ${describeNode(unknown)}; pass --precision fp32`,
    );
  const source = evalForm(model, name);
  addEvalForm(source, classifier);
  const b = evalForm(model, name);
  const casts = new Map<string, string>();

  const as = (value: string, dtype: FloatType): string => {
    if (value === '' || source.type(value).dtype !== 'float32' || b.type(value).dtype === dtype) return value;
    const key = `${dtype} ${value}`;
    const weight = model.weights.get(value);
    const cast = () => b.node('Cast', [value], { to: int(elementTypeOf(dtype)) });
    casts.set(key, casts.get(key) ?? (weight ? b.constant(inFloat16(weight)) : cast()));
    return casts.get(key)!;
  };

  for (const node of source.steps.flatMap(({ nodes }) => nodes)) {
    const dtype = keptOps.has(node.op) || holdsTooSmall(model, source, node) ? 'float32' : 'float16';
    b.add({ ...node, inputs: node.inputs.map((input) => as(input, dtype)) });
  }
  b.output(as(classifier.logits, 'float32'));
  return usedPart(b.build());
}

/** A builder that holds the inputs and weights of a model. */
function evalForm(model: Graph, name: string): GraphBuilder {
  const builder = new GraphBuilder(model.name, upgradedOpsets(model, name), model);
  for (const input of model.inputs) builder.input(input);
  for (const [weight, tensor] of model.weights) builder.weight(weight, tensor);
  return builder;
}

function holdsTooSmall(model: Graph, source: GraphBuilder, { op, inputs }: GraphNode): boolean {
  const constants = inputs.map((input) => source.known(input)).filter((tensor) => tensor?.data.length === 1);
  const variance = op === 'BatchNormalization' ? model.weights.get(inputs[4]!) : undefined;
  return [...constants, variance].some(
    (tensor) =>
      tensor?.dtype === 'float32' &&
      tensor.data.some((value: number | bigint) => value !== 0 && Math.abs(Number(value)) < smallestNormal),
  );
}

function inFloat16({ dims, data }: Tensor): Tensor {
  return { dtype: 'float16', dims, data: Uint16Array.from(data as Float32Array, toFloat16) };
}
