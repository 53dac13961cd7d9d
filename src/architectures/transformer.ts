import type { BertSize } from './bert.ts';

/** Numbers that one attention head takes. */
const perHead = 32;

/**
 * The size of `transformer:LxD`, a small BERT with a head for every 32 numbers of its width, a feed-forward network of four
 * times the width, and as many positions as the data have tokens. Undefined where `parameters` is not such a size.
 */
export function transformerSize(parameters: string): BertSize | undefined {
  const [layers = 0, width = 0, ...more] = parameters.split('x').map((text) => (/^\d+$/.test(text) ? Number(text) : 0));
  if (layers === 0 || width === 0 || more.length > 0 || width % perHead !== 0) return undefined;
  return { layers, width, heads: width / perHead, feedForward: 4 * width, positions: null, tokenTypes: false };
}
