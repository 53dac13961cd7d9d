import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ByteFile, diskFile, memoryFile } from '../../src/data/byteFile.ts';
import { fileRows } from '../../src/data/fileRows.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

const folder = temporaryFolder();

/** A file in memory that keeps the reads made of it. */
function watched(bytes: Uint8Array): ByteFile & { readonly reads: [from: number, length: number][] } {
  const reads: [number, number][] = [];
  const file = memoryFile('x', bytes);
  return {
    ...file,
    reads,
    async open() {
      const open = await file.open();
      const read = (position: number, into: Uint8Array) => {
        reads.push([position, into.length]);
        return open.read(position, into);
      };
      return { ...open, read };
    },
  };
}

const counting = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7) % 251);

test('any ids, in any order, come from the files that hold them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        size: fc.integer({ min: 1, max: 5 }),
        gap: fc.integer({ min: 0, max: 20_000 }),
        offset: fc.integer({ min: 0, max: 9 }),
        counts: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
        picks: fc.array(fc.nat(), { maxLength: 30 }),
      }),
      async ({ size, gap, offset, counts, picks }) => {
        const stride = size + gap;
        const files = counts.map((count) => counting(offset + count * stride));
        const total = counts.reduce((sum, count) => sum + count);
        const all = files.flatMap((bytes, file) =>
          Array.from({ length: counts[file]! }, (_, row) => [
            ...bytes.subarray(offset + row * stride, offset + row * stride + size),
          ]),
        );
        const places = files.map((bytes, file) => ({
          ...{ file: memoryFile('x', bytes), offset, stride },
          count: counts[file]!,
        }));
        const rows = fileRows(size, places);
        expect(rows.count).toBe(total);
        const ids = picks.map((pick) => pick % total);
        const into = new Uint8Array(ids.length * size);
        await rows.gather(ids, into);
        expect([...into]).toEqual(ids.flatMap((id) => all[id]!));
        const first = picks.length % (total + 1);
        const pieces: number[] = [];
        for await (const piece of rows.pieces(first)) pieces.push(...piece);
        expect(pieces).toEqual(all.slice(0, first).flat());
      },
    ),
    { numRuns: 60 },
  );
});

test('rows side by side are one read, far ones are reads of their own', async () => {
  const file = watched(counting(1_000_000));
  const rows = fileRows(10, [{ file, offset: 4, stride: 10, count: 99_000 }]);
  await rows.gather([5, 6, 7, 90_000, 10], new Uint8Array(50));
  expect(file.reads.sort(([a], [b]) => a - b)).toEqual([
    [54, 60],
    [900_004, 10],
  ]);
});

test('a long run is read in parts', async () => {
  const file = watched(new Uint8Array(2 ** 23));
  const rows = fileRows(2 ** 20, [{ file, offset: 0, stride: 2 ** 20, count: 8 }]);
  await rows.gather([0, 1, 2, 3, 4, 5, 6, 7], new Uint8Array(2 ** 23));
  expect(file.reads).toEqual([
    [0, 2 ** 22],
    [2 ** 22, 2 ** 22],
  ]);
});

test('a file that was cut since is named, and closed', async () => {
  const path = folder.at('x.bin');
  await writeFile(path, counting(100));
  const file = await diskFile(path);
  await writeFile(path, counting(50));
  const rows = fileRows(10, [{ file, offset: 0, stride: 10, count: 10 }]);
  const into = new Uint8Array(10);
  await rows.gather([4], into);
  expect(into).toEqual(counting(50).subarray(40));
  await expect(rows.gather([5], into)).rejects.toThrow(
    `Cannot read "${path}": it ends after 50 bytes, expected 60; fetch the file again`,
  );
});
