import { dataError, RhoError } from '../../core/errors.ts';
import type { Graph } from '../graph.ts';
import { type ScoreGraphOptions, scoreGraph } from '../scoreGraph.ts';
import { float16Model } from './float16.ts';
import { int8Graph } from './int8.ts';
import type { Precision } from './precision.ts';

/** The score graph of a model, which computes with numbers of `precision`. Losses are float32 in any. */
export function scoreGraphIn(precision: Precision, model: Graph, options: ScoreGraphOptions): Graph {
  if (precision === 'fp16') return scoreGraph(inFloat16(model, options), { ...options, logits: null });
  const graph = scoreGraph(model, options);
  return precision === 'int8' ? int8Graph(graph, options.name) : graph;
}

function inFloat16(model: Graph, options: ScoreGraphOptions): Graph {
  try {
    return float16Model(model, options);
  } catch (error) {
    if (!(error instanceof RhoError) || error.message.startsWith('Cannot')) throw error;
    throw dataError(`Cannot score "${options.name}" in fp16: ${error.message}; pass --precision fp32`);
  }
}
