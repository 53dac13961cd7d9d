import { type FileMetaData, parquetMetadataAsync, parquetScan, parquetSchema } from 'hyparquet';
import { dataError } from '../core/errors.ts';
import { type ByteFile, readPart } from './byteFile.ts';

/** Rows that are read at once: a row group, or pages of one. */
export interface ParquetBlock {
  readonly rowStart: number;
  readonly rowEnd: number;
  /** Roughly, unpacked. */
  readonly bytes: number;
}

/** A Parquet file whose columns are read as they are needed. */
export interface ParquetFile {
  readonly name: string;
  readonly length: number;
  readonly columns: readonly string[];
  /** The values of a column in the rows of a block: strings, numbers, bytes; objects where it is a group. */
  readColumn(column: string, block: Pick<ParquetBlock, 'rowStart' | 'rowEnd'>): Promise<ArrayLike<unknown>>;
  blocksOf(column: string): readonly ParquetBlock[];
  /** The value of a key of its metadata. */
  metadata(key: string): string | undefined;
}

/** A row group of more bytes is read in parts of `partBytes`, where the file has an index of its pages. */
const wholeBytes = 2 ** 26;
const partBytes = 2 ** 24;
/** What is less may be read whole each time, such as the names beside images. */
const smallBytes = 2 ** 20;

/** Opens a Parquet file: reads its footer and nothing else. */
export async function openParquetFile(file: ByteFile): Promise<ParquetFile> {
  const { name, size } = file;
  const { compressors } = await import('hyparquet-compressors');
  const source = {
    byteLength: size,
    slice: async (start: number, end = size) => (await readPart(file, start, end)).buffer,
  };
  const metadata = await attempt(name, () => parquetMetadataAsync(source));
  const scan = await attempt(name, () => parquetScan({ file: source, metadata, compressors, utf8: false }));
  return {
    name,
    length: Number(metadata.num_rows),
    columns: parquetSchema(metadata).children.map(({ element }) => element.name),
    readColumn: (column, { rowStart, rowEnd }) => attempt(name, () => scan.readColumn({ column, rowStart, rowEnd })),
    blocksOf: (column) => blocksOf(metadata, column),
    metadata: (key) => metadata.key_value_metadata?.find((entry) => entry.key === key)?.value,
  };
}

async function attempt<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw dataError(`Cannot read "${name}" as Parquet: ${(error as Error).message}; fetch the file again`);
  }
}

function blocksOf(metadata: FileMetaData, column: string): ParquetBlock[] {
  const blocks: ParquetBlock[] = [];
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const chunks = group.columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === column);
    const bytes = chunks.reduce((sum, { meta_data }) => sum + Number(meta_data!.total_uncompressed_size), 0);
    const rows = Number(group.num_rows);
    const isIndexed = chunks.every(
      ({ offset_index_offset, meta_data }) =>
        offset_index_offset !== undefined || Number(meta_data!.total_uncompressed_size) < smallBytes,
    );
    const parts = bytes > wholeBytes && isIndexed ? Math.min(rows, Math.ceil(bytes / partBytes)) : 1;
    const edge = (part: number) => groupStart + Math.floor((part * rows) / parts);
    for (let part = 0; part < parts && rows > 0; part++)
      blocks.push({ rowStart: edge(part), rowEnd: edge(part + 1), bytes: bytes / parts });
    groupStart += rows;
  }
  return blocks;
}
