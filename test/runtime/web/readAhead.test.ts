import { expect, test } from 'vitest';
import { readAhead } from '../../../src/runtime/web/readAhead.ts';

const content = Uint8Array.from({ length: 11_000_003 }, (_, i) => (i * 7919 + (i >> 8)) & 255);

/** A file that counts what is read of it. */
class CountedBlob extends Blob {
  reads = 0;
  override slice(from?: number, to?: number): Blob {
    this.reads += 1;
    return super.slice(from, to);
  }
}

async function read(blob: Blob, position: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  await readAhead(blob, position, into);
  return into;
}

const same = (found: Uint8Array, position: number) =>
  Buffer.from(found).equals(Buffer.from(content.subarray(position, position + found.length)));

test('a file is read from front to back in few reads, several of them at a time, up to its end', async () => {
  const blob = new CountedBlob([content]);
  const size = 70_001;
  const under: Promise<boolean>[] = [];
  for (let at = 0; at < content.length; at += size) {
    under.push(read(blob, at, Math.min(size, content.length - at)).then((found) => same(found, at)));
    if (under.length % 3 === 0) await under.at(-3);
  }
  expect((await Promise.all(under)).every((isSame) => isSame)).toBe(true);
  expect(blob.reads).toBe(4);
});

test('reads here and there give what is there, with what was read ahead still in place', async () => {
  const blob = new CountedBlob([content]);
  for (const [position, length] of [
    ...[[0, 10] as const, [10, 10] as const, [20, 4_194_304] as const, [5_000_000, 3] as const],
    ...[[15, 5] as const, [20, 5_000_000] as const, [5_000_020, 100] as const, [11_000_000, 3] as const],
    ...[[4_194_310, 10] as const, [4_194_320, 10] as const, [0, 11_000_003] as const],
  ])
    expect([position, same(await read(blob, position, length), position)]).toEqual([position, true]);
});

test('a file that has gone is an error of each read', async () => {
  const gone = new DOMException('', 'NotReadableError');
  const blob = { slice: () => ({ arrayBuffer: () => Promise.reject(gone) }) } as unknown as Blob;
  for (const position of [0, 10, 20]) await expect(read(blob, position, 10)).rejects.toBe(gone);
});
