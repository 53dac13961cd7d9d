import { sha256 } from '../../data/hash.ts';
import { inSlices } from '../inSlices.ts';
import type { NamedFile } from '../protocol.ts';

/** What tells files from others, as far as their sizes and times and the first name do; `more` is what else does. */
export async function identityOf(files: readonly NamedFile[], more: unknown = null): Promise<string> {
  let [sizes, times] = [0, 0];
  await inSlices(files, ({ file }) => {
    sizes = mixed(sizes, file.size);
    if (file instanceof File) times = mixed(times, file.lastModified);
  });
  const told = [files.length, sizes, times, files[0]?.path ?? '', more];
  return (await sha256(new TextEncoder().encode(JSON.stringify(told)))).slice(0, 8);
}

/** As FNV-1a takes in a number, here one of up to 53 bits. */
function mixed(hash: number, value: number): number {
  const high = Math.imul(hash ^ Math.floor(value / 2 ** 32), 0x01000193);
  return Math.imul(high ^ (value % 2 ** 32), 0x01000193);
}
