import { GraphBuilder } from '../onnx/builder.ts';
import type { Graph } from '../onnx/graph.ts';
import type { ArchitectureOptions } from './architecture.ts';
import type { BertSize } from './bert.ts';
import { classify, dense, encoderLayer, encoderOn, geluTanh, type LayerNames, layerNorm } from './encoder.ts';
import { layersOn } from './layers.ts';
import { embeddedRows, type TokenOptions, tokenInput } from './tokenInput.ts';

/** What tells one ALBERT from another. */
export interface AlbertSize extends BertSize {
  /** Width of the embeddings, which a dense layer widens. */
  readonly embedding: number;
}

/** ALBERT base, version 2 (Lan et al. 2020): 11,685,122 parameters with a vocabulary of 30,000 and 2 classes. */
export const albertBase: AlbertSize = {
  width: 768,
  embedding: 128,
  layers: 12,
  heads: 12,
  feedForward: 3072,
  positions: 512,
  tokenTypes: true,
};

/** Version 2 has no dropout but before the classes. */
const classifierRatio = 0.1;

const names: LayerNames = namesOf('albert.encoder.albert_layer_groups.0.albert_layers.0');

/**
 * ALBERT as a classifier, on token ids: BERT whose layers share their weights. Weights have the names of Hugging Face's
 * AlbertForSequenceClassification, so that its checkpoints fit.
 */
export function albert({
  classes,
  seed,
  size,
  ...options
}: ArchitectureOptions & TokenOptions & { readonly size: AlbertSize }): Graph {
  const builder = new GraphBuilder(`albert-${size.layers}x${size.width}`);
  const layers = layersOn(builder, seed);
  const input = tokenInput(builder, options, size);
  const table = 'albert.embeddings';
  const rows = layerNorm(
    layers,
    embeddedRows(layers, input, table, size.embedding),
    `${table}.LayerNorm`,
    'embeddings',
  );
  const encoder = encoderOn(layers, input, size, 0);
  let value = dense(layers, rows, 'albert.encoder.embedding_hidden_mapping_in', size.width, 'embeddings.widened');
  for (let layer = 0; layer < size.layers; layer++)
    value = encoderLayer(encoder, value, names, `layer.${layer}`, geluTanh);
  builder.output(classify(encoder, value, 'albert.pooler', classes, classifierRatio));
  return builder.build();
}

function namesOf(layer: string): LayerNames {
  return {
    query: `${layer}.attention.query`,
    key: `${layer}.attention.key`,
    value: `${layer}.attention.value`,
    attentionOutput: `${layer}.attention.dense`,
    attentionNorm: `${layer}.attention.LayerNorm`,
    feedForward: `${layer}.ffn`,
    feedForwardOutput: `${layer}.ffn_output`,
    outputNorm: `${layer}.full_layer_layer_norm`,
  };
}
