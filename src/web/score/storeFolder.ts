import { sha256 } from '../../data/hash.ts';

/** Where the page has its stores written, in the private file system of the browser. */
export const storesFolder = '/stores';

/**
 * The folder for the store of a scoring: the same again for what is the same, so that it goes on, and another for everything
 * else. `name` is for people, `identity` is all that tells one scoring from another.
 */
export async function storeFolder(name: string, identity: unknown): Promise<string> {
  const hash = await sha256(new TextEncoder().encode(JSON.stringify(identity)));
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return `${storesFolder}/${plain === '' ? 'data' : plain}-${hash.slice(0, 8)}`;
}
