import { dataError } from '../core/errors.ts';
import type { EncodedImages } from './imageDataset.ts';
import type { ParquetBlock, ParquetFile } from './parquetFile.ts';

/** Unpacked blocks that are kept, in bytes; two at least are. */
const keptBytes = 2 ** 28;

interface Block extends ParquetBlock {
  readonly file: ParquetFile;
  /** Id of its first row. */
  readonly firstId: number;
}

/** The encoded images in a column of bytes, or of groups with `bytes`, of several files: read block by block, the last ones kept. */
export function parquetImages(
  files: readonly ParquetFile[],
  column: string,
): Pick<EncodedImages, 'encoded' | 'fileOf' | 'stored'> {
  const blocks: Block[] = [];
  let firstId = 0;
  for (const file of files)
    for (const block of file.blocksOf(column)) {
      blocks.push({ ...block, file, firstId });
      firstId += block.rowEnd - block.rowStart;
    }
  const kept = new Map<Block, Promise<ArrayLike<unknown>>>();
  const read = (block: Block) => {
    const rows = kept.get(block) ?? block.file.readColumn(column, block);
    // What was asked for last stands last and goes last.
    kept.delete(block);
    kept.set(block, rows);
    let bytes = [...kept.keys()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const oldest of kept.keys()) {
      if (bytes <= keptBytes || kept.size <= 2) break;
      kept.delete(oldest);
      bytes -= oldest.bytes;
    }
    return rows;
  };
  const fileOf = (id: number) => {
    const { file, rowStart, firstId } = blockOf(blocks, id);
    return `row ${rowStart + id - firstId + 1} of ${file.name}`;
  };
  const encodedIn = (rows: ArrayLike<unknown>, { firstId }: Block, id: number): Uint8Array => {
    const value = rows[id - firstId];
    const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
    if (!(bytes instanceof Uint8Array))
      throw dataError(`Cannot read the image in ${fileOf(id)}: its column ${column} holds no bytes`);
    return bytes;
  };
  return {
    fileOf,
    async encoded(id) {
      const block = blockOf(blocks, id);
      return encodedIn(await read(block), block, id).slice();
    },
    async *stored(length) {
      for (const block of blocks) {
        if (block.firstId >= length) break;
        const rows = await read(block);
        const end = Math.min(length, block.firstId + rows.length);
        for (let id = block.firstId; id < end; id++) yield encodedIn(rows, block, id);
      }
    },
  };
}

function blockOf(blocks: readonly Block[], id: number): Block {
  let [low, high] = [0, blocks.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (blocks[middle]!.firstId <= id) low = middle;
    else high = middle - 1;
  }
  return blocks[low]!;
}
