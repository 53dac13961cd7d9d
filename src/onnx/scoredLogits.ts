import { dataError } from '../core/errors.ts';
import type { GraphBuilder } from './builder.ts';
import { type Classifier, isFraction, noLogits, refuseLabels, requireClasses } from './classifier.ts';
import { type Dim, describeNode, int, type ValueType } from './graph.ts';
import type { FeedOptions } from './preprocess.ts';
import { elementTypeOf } from './tensorProto.ts';

/**
 * The type of a model's logits where it is known before the graph runs: by the rules of its operators, or by what the file
 * says of its output. Undefined where the number of classes is not known.
 */
export function logitsType(builder: GraphBuilder, { logits, declared }: Classifier): ValueType | undefined {
  const candidates = [builder.typeOf(logits), declared];
  return candidates.find((type) => type !== undefined && isKnown(type.dims));
}

function isKnown(dims: readonly Dim[]): boolean {
  return dims.length > 0 && dims.slice(1).every((dim) => typeof dim === 'number');
}

/** Throws a data error where a model is seen to be no classifier before its operators are looked at. */
export function requireScorable(classifier: Classifier, options: FeedOptions): void {
  const { graph, logits, declared, closing, isNamed } = classifier;
  refuseLabels(classifier, options.name, `name what it chooses from with --logits "${logits}", or `);
  const table = graph.nodes.find(({ domain, outputs }) => domain === 'ai.onnx.ml' && outputs.includes(logits));
  const transform = table?.attributes.post_transform;
  const isRaw = transform === undefined || (transform.kind === 'string' && transform.value === 'NONE');
  if (table !== undefined && (table.op === 'Normalizer' || table.op === 'ZipMap' || !isRaw || !isNamed))
    throw dataError(
      `Cannot use "${options.name}" as a classifier: "${logits}" by ${describeNode(table)} holds labels or probabilities, expected logits [batch, classes]; export it with raw scores, and name them with --logits`,
    );
  if (!isNamed && closing === 'none' && /prob|softmax/i.test(logits))
    throw dataError(
      `Cannot use "${options.name}" as a classifier: its output "${logits}" seems to hold probabilities, and no Softmax is found that they come from, expected logits [batch, classes]; name these with --logits, or "${logits}" itself if it holds them`,
    );
  if (declared !== undefined && (isKnown(declared.dims) || !isFraction(declared.dtype)))
    describeLogits(classifier, declared, options);
}

/** How logits are laid out: [batch, classes] with sizes of 1 behind, or one logit of two classes for each example. */
function describeLogits(
  { logits, closing, isNamed }: Classifier,
  type: ValueType,
  { name, classes: wanted = 2 }: FeedOptions,
): 'rows' | 'one' {
  const { dtype, dims } = type;
  const hint = isNamed ? '' : '; name the value that holds them with --logits';
  const [classes = 1, ...rest] = dims.slice(1);
  if (!isFraction(dtype) || typeof classes === 'string' || dims.length === 0 || rest.some((size) => size !== 1))
    throw noLogits(logits, type, name, hint);
  if (classes > 1) {
    if (closing === 'sigmoid')
      throw dataError(
        `Cannot use "${name}" as a classifier: it scores each of ${classes} classes by itself (Sigmoid), expected one that chooses among them; to score it as one, name the input of the Sigmoid with --logits "${logits}"`,
      );
    requireClasses(classes, wanted, name);
    return 'rows';
  }
  if (closing !== 'sigmoid' && !isNamed)
    throw noLogits(logits, type, name, `; if it is the one logit of two classes, pass --logits "${logits}"`);
  requireClasses(2, wanted, name);
  return 'one';
}

/**
 * Adds what makes float32 logits [batch, classes] of those of a model: another type of fraction is converted, sizes of 1
 * behind the classes are left out, and one logit z becomes those of two classes, 0 and z. Throws a data error where `type`
 * is not that of logits or has fewer classes than the data.
 */
export function addScoredLogits(
  builder: GraphBuilder,
  classifier: Classifier,
  type: ValueType,
  batch: Dim,
  options: FeedOptions,
): string {
  const { logits } = classifier;
  const layout = describeLogits(classifier, type, options);
  const known = builder.typeOf(logits);
  const to = { to: int(elementTypeOf('float32')) };
  let value = logits;
  if (known === undefined) {
    const cast = { name: castName, op: 'Cast', domain: '', inputs: [logits], outputs: [castName], attributes: to };
    builder.addUntyped(cast);
    builder.declareType(castName, { dtype: 'float32', dims: [batch, ...type.dims.slice(1)] });
    value = castName;
  } else if (known.dtype !== 'float32') value = builder.node('Cast', [logits], to);
  if (type.dims.length > 2) value = builder.node('Flatten', [value], { axis: int(1) });
  if (layout === 'rows') return value;
  const column = builder.node('Reshape', [value, builder.int64([-1, 1])]);
  return builder.node('Concat', [builder.node('Sub', [column, column]), column], { axis: int(1) });
}

/** The logits of a model whose type is not known here, as float32. */
const castName = 'rho/logits';
