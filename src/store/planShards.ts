import { usageError } from '../core/errors.ts';

/** What one shard file is to hold. */
export interface PlannedShard {
  /** Shard k takes ids from k · span to (k + 1) · span - 1. */
  readonly number: number;
  /** Ascending. */
  readonly ids: Uint32Array;
}

/** Part `index` (1 … `of`) of the work, one for each machine. */
export interface StorePart {
  readonly index: number;
  readonly of: number;
}

const [leastSpan, mostSpan, shardsAimedAt] = [4096, 65_536, 64];

/** The ids that a shard spans where nobody says so: few enough that a kill costs little, enough that files stay few. */
export function usualSpan(length: number): number {
  let span = leastSpan;
  while (span < mostSpan && span * shardsAimedAt < length) span *= 2;
  return span;
}

/**
 * Divides ascending ids into shards along a fixed grid of ids, so that the same id falls into the same shard however much
 * data come behind, and gives those of one part: a run of whole shards. A part may be empty.
 */
export function planShards(ids: Uint32Array, span: number, part: StorePart | null): readonly PlannedShard[] {
  const shards: PlannedShard[] = [];
  for (let from = 0; from < ids.length; ) {
    const number = Math.floor(ids[from]! / span);
    const end = firstFrom(ids, from, (number + 1) * span);
    shards.push({ number, ids: ids.subarray(from, end) });
    from = end;
  }
  if (part === null) return shards;
  const border = (parts: number) => Math.floor((parts * shards.length) / part.of);
  return shards.slice(border(part.index - 1), border(part.index));
}

/** Examples of some shards. */
export function countIds(shards: readonly Pick<PlannedShard, 'ids'>[]): number {
  return shards.reduce((sum, { ids }) => sum + ids.length, 0);
}

/** The first position from `from` on whose id is at least `least`. */
function firstFrom(ids: Uint32Array, from: number, least: number): number {
  let [low, high] = [from, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Reads the part given to --shard: `i/n`, i from 1 to n, or `auto/n`, which takes i from `jobIndex`, the text of Kubernetes'
 * JOB_COMPLETION_INDEX (from 0). Anything else is a usage error.
 */
export function parsePart(text: string, jobIndex: string | undefined): StorePart {
  const [, given, count] = /^(\d+|auto)\/(\d+)$/.exec(text) ?? [];
  if (given === 'auto' && !/^\d+$/.test(jobIndex ?? ''))
    throw usageError(
      `Cannot take the part of --shard ${text} from JOB_COMPLETION_INDEX: it is ${jobIndex === undefined ? 'not set' : `"${jobIndex}"`}, expected a number from 0 up`,
    );
  const index = given === 'auto' ? Number(jobIndex) + 1 : Number(given);
  const of = Number(count);
  if (!(index >= 1 && index <= of))
    throw usageError(
      `Cannot take part "${text}"${given === 'auto' ? ` with JOB_COMPLETION_INDEX ${jobIndex}` : ''} of the work: expected --shard i/n with i from 1 to n, or auto/n`,
    );
  return { index, of };
}
