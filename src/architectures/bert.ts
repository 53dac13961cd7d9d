import { GraphBuilder } from '../onnx/builder.ts';
import type { Graph } from '../onnx/graph.ts';
import type { ArchitectureOptions } from './architecture.ts';
import {
  classify,
  dropout,
  type EncoderSize,
  encoderLayer,
  encoderOn,
  gelu,
  type LayerNames,
  layerNorm,
} from './encoder.ts';
import { layersOn } from './layers.ts';
import { embeddedRows, type TokenOptions, tokenInput } from './tokenInput.ts';

/** What tells one BERT from another. */
export interface BertSize extends EncoderSize {
  /** Rows of the table of positions, the longest example there can be; null is the length of the data. */
  readonly positions: number | null;
  /** Whether there is an input `token_type_ids`, for texts of two parts. */
  readonly tokenTypes: boolean;
}

/** BERT base (Devlin et al. 2019): 109,483,778 parameters with a vocabulary of 30,522 and 2 classes. */
export const bertBase: BertSize = {
  width: 768,
  layers: 12,
  heads: 12,
  feedForward: 3072,
  positions: 512,
  tokenTypes: true,
};

/** BERT's dropout, of attention too. */
const ratio = 0.1;

/**
 * BERT as a classifier, on token ids. Weights have the names of Hugging Face's BertForSequenceClassification, so that its
 * checkpoints fit.
 */
export function bert({
  classes,
  seed,
  size,
  ...options
}: ArchitectureOptions & TokenOptions & { readonly size: BertSize }): Graph {
  const builder = new GraphBuilder(`bert-${size.layers}x${size.width}`);
  const layers = layersOn(builder, seed);
  const input = tokenInput(builder, options, size);
  const table = 'bert.embeddings';
  const rows = embeddedRows(layers, input, table, size.width);
  const encoder = encoderOn(layers, input, size, ratio);
  let value = dropout(layers, layerNorm(layers, rows, `${table}.LayerNorm`, 'embeddings'), ratio);
  for (let layer = 0; layer < size.layers; layer++)
    value = encoderLayer(encoder, value, namesOf(`bert.encoder.layer.${layer}`), `layer.${layer}`, gelu);
  builder.output(classify(encoder, value, 'bert.pooler.dense', classes, ratio));
  return builder.build();
}

function namesOf(layer: string): LayerNames {
  return {
    query: `${layer}.attention.self.query`,
    key: `${layer}.attention.self.key`,
    value: `${layer}.attention.self.value`,
    attentionOutput: `${layer}.attention.output.dense`,
    attentionNorm: `${layer}.attention.output.LayerNorm`,
    feedForward: `${layer}.intermediate.dense`,
    feedForwardOutput: `${layer}.output.dense`,
    outputNorm: `${layer}.output.LayerNorm`,
  };
}
