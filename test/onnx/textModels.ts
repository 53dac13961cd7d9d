import type { Preprocessing } from '../../src/core/preprocessing.ts';
import { int64, type Tensor } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { type Graph, int, ints } from '../../src/onnx/graph.ts';
import { ignoresPadding } from '../../src/onnx/ignoresPadding.ts';
import { labelsInput } from '../../src/onnx/lossHead.ts';
import { type ScoreGraphOptions, scoreGraph } from '../../src/onnx/scoreGraph.ts';
import { elementTypeOf } from '../../src/onnx/tensorProto.ts';
import { tokensInput } from '../../src/onnx/tokens.ts';
import { uniform } from './models.ts';
import { runGraph } from './runGraph.ts';

export const vocabulary = 40;
export const preprocessing: Extract<Preprocessing, { readonly kind: 'tokens' }> = {
  kind: 'tokens',
  tokenizer: 'none',
  vocabulary,
  padding: 0,
};

/** How models on texts of `length` tokens are scored here. */
export function optionsFor(length: number): ScoreGraphOptions {
  return { name: 'model', stored: [{ dtype: 'int32', dims: [length] }], preprocessing, outputs: ['loss'] };
}

export function ignores(graph: Graph, length = 16): boolean {
  return ignoresPadding(graph, optionsFor(length));
}

const texts = [[3, 1, 4, 1, 5], [9], [2, 6], [0, 5, 3]];

/** The losses of a few texts, of 5 tokens at most, with padding behind them up to `length`, and with that cut to 5. */
export async function lossesOf(
  graph: Graph,
  length: number,
  to: (graph: Graph) => Graph = (graph) => graph,
): Promise<{ readonly whole: Float32Array; readonly cut: Float32Array }> {
  const options = optionsFor(length);
  const losses = async (graph: Graph, size: number) => {
    const data = Int32Array.from(texts.flatMap((ids) => Array.from({ length: size }, (_, i) => ids[i] ?? 0)));
    const ids: Tensor = { dtype: 'int32', dims: [texts.length, size], data };
    const labels: Tensor = { dtype: 'int32', dims: [texts.length], data: Int32Array.of(0, 1, 1, 0) };
    return (await runGraph(to(graph), { [tokensInput]: ids, [labelsInput]: labels })).loss!.data as Float32Array;
  };
  const whole = await losses(scoreGraph(graph, options), length);
  return { whole, cut: await losses(scoreGraph(graph, { ...options, anyLength: true }), 5) };
}

/** The largest difference of losses with and without the padding of texts. */
export async function difference(graph: Graph, length: number, to?: (graph: Graph) => Graph): Promise<number> {
  const { whole, cut } = await lossesOf(graph, length, to);
  return Math.max(...whole.map((loss, i) => Math.abs(loss - cut[i]!)));
}

/**
 * A model on texts of `length` tokens, whose embeddings [batch, tokens, 4] and mask, as float32, `write` makes four numbers for
 * each text of.
 */
export function modelOf(
  write: (b: GraphBuilder, words: string, mask: string) => string,
  inputs: readonly string[] = ['input_ids', 'attention_mask'],
  length: number = 16,
): Graph {
  const b = new GraphBuilder('model');
  for (const name of inputs) b.input({ name, dtype: 'int64', dims: ['batch', length] });
  const ids = inputs.includes('input_ids') ? 'input_ids' : inputs[0]!;
  const words = b.node('Gather', [b.weight('words', uniform(1, [vocabulary, 4])), ids]);
  const mask = asFloat(b, inputs.includes('attention_mask') ? 'attention_mask' : ids);
  b.output(b.node('MatMul', [write(b, words, mask), b.weight('classes', uniform(2, [4, 2]))]), 'logits');
  return b.build();
}

export function asFloat(b: GraphBuilder, x: string): string {
  return b.node('Cast', [x], { to: int(elementTypeOf('float32')) });
}

/** A mask [batch, tokens] as [batch, tokens, 1]. */
export function column(b: GraphBuilder, mask: string): string {
  return b.node('Unsqueeze', [mask, b.int64([-1])]);
}

/** The sum over positions. */
export function sum(b: GraphBuilder, x: string): string {
  return b.node('ReduceSum', [x, b.int64([1])], { keepdims: int(0) });
}

/** [batch, tokens, n] as [batch, n, tokens]. */
export function turned(b: GraphBuilder, x: string): string {
  return b.node('Transpose', [x], { perm: ints([0, 2, 1]) });
}

/** How much each token looks at each, [batch, tokens, tokens], before anything is hidden. */
export function scores(b: GraphBuilder, words: string): string {
  return b.node('MatMul', [words, turned(b, words)]);
}

/** Attention by these scores. */
export function attended(b: GraphBuilder, masked: string, words: string): string {
  return b.node('MatMul', [b.node('Softmax', [masked], { axis: int(-1) }), words]);
}

/** -1e9 at padding and 0 elsewhere, [batch, 1, tokens]. */
export function hiding(b: GraphBuilder, mask: string, by = -1e9): string {
  const absent = b.node('Mul', [b.node('Sub', [b.scalar(1), mask]), b.scalar(by)]);
  return b.node('Unsqueeze', [absent, b.int64([1])]);
}

/** Attention of one head to what the mask lets through. */
export function attention(b: GraphBuilder, words: string, mask: string): string {
  return attended(b, b.node('Add', [scores(b, words), hiding(b, mask)]), words);
}

/** The first token of each text. */
export function first(b: GraphBuilder, x: string): string {
  return b.node('Gather', [x, b.constant(int64([0], []))], { axis: int(1) });
}

/** The number of positions, as a number. */
export function lengthOf(b: GraphBuilder, x: string): string {
  return b.node('Gather', [b.node('Shape', [x]), b.constant(int64([1], []))]);
}
