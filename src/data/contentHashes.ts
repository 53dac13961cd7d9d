import { dataError } from '../core/errors.ts';
import type { Dataset } from './dataset.ts';
import { contentHash } from './hash.ts';

/** The stored bytes of the first `length` examples of a data set. */
export type StoredBytes = (length: number) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** `contentHash` and `hashOfFirst` of a data set of `length` examples; more than it has is a data error. */
export async function contentHashes(
  name: string,
  length: number,
  stored: StoredBytes,
): Promise<Pick<Dataset, 'contentHash' | 'hashOfFirst'>> {
  const whole = await contentHash(stored(length));
  return {
    contentHash: whole,
    async hashOfFirst(first) {
      if (first > length) throw dataError(`Cannot hash the first ${first} examples of "${name}": it has ${length}`);
      return first === length ? whole : contentHash(stored(first));
    },
  };
}
