import { type Batch, shortened } from '../core/batch.ts';

/** How texts are cut to their length. */
export interface PaddingCut {
  /** The id that stands behind a text up to the size of an example. */
  readonly padding: number;
  /** A run takes at most so many tokens, of one text at least, and at most so many texts. */
  readonly tokensPerRun: number;
  readonly mostPerRun: number;
}

/** Some texts of a batch without their padding. */
export interface ShortRun {
  /** Where they stand in the batch. */
  readonly positions: readonly number[];
  readonly part: Batch;
}

/** Texts are cut to multiples of this: few shapes for ONNX Runtime, little padding that is left. */
const grain = 8;

/**
 * Cuts a batch of token ids, [batch, length], into runs of texts of one length, the shortest first: each text without the padding
 * behind it, up to a multiple of 8. What a text is cut to does not depend on what else is in the batch. One that is all padding
 * stays as it is, for what a model makes of nothing follows from how much of it there is.
 */
export function* withoutPadding(batch: Batch, { padding, tokensPerRun, mostPerRun }: PaddingCut): Generator<ShortRun> {
  const [{ dims, data }] = batch.inputs as [Batch['inputs'][number]];
  const size = dims[1]!;
  const byLength = new Map<number, number[]>();
  batch.labels.forEach((_, position) => {
    const length = Math.min(
      size,
      Math.ceil(lengthOf(data.subarray(position * size, (position + 1) * size), padding) / grain) * grain,
    );
    const positions = byLength.get(length);
    if (positions === undefined) byLength.set(length, [position]);
    else positions.push(position);
  });
  for (const [length, positions] of [...byLength].sort(([a], [b]) => a - b)) {
    const most = Math.max(1, Math.min(mostPerRun, Math.floor(tokensPerRun / length)));
    for (let from = 0; from < positions.length; from += most) {
      const some = positions.slice(from, from + most);
      yield { positions: some, part: shortened(batch, some, length) };
    }
  }
}

/** The tokens of a text up to the last that is no padding; all of them where there is none. */
function lengthOf(ids: ArrayLike<number | bigint>, padding: number): number {
  let length = ids.length;
  while (length > 0 && Number(ids[length - 1]) === padding) length--;
  return length === 0 ? ids.length : length;
}
