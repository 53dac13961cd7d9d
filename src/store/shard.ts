import { parquetMetadata, parquetScan, type SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { dataError } from '../core/errors.ts';
import type { LossTable } from './lossTable.ts';
import { type NumberColumn, numberColumns } from './manifest.ts';

/** What the Parquet metadata of a shard says of it, so that a shard can be told without its manifest. */
export interface ShardMetadata {
  /** Fingerprint of the data set. */
  readonly data: string;
  /** Fingerprint of the model whose losses these are. */
  readonly model: string;
}

/** How a column of a table is called in the file, and what it is read into. */
const columnsOfTable = {
  ids: { name: 'id', allocate: (rows: number) => new Uint32Array(rows) },
  loss: { name: 'loss', allocate: (rows: number) => new Float32Array(rows) },
  labels: { name: 'label', allocate: (rows: number) => new Int32Array(rows) },
  predicted: { name: 'predicted', allocate: (rows: number) => new Int32Array(rows) },
  margin: { name: 'margin', allocate: (rows: number) => new Float32Array(rows) },
} as const;

const schema: SchemaElement[] = [
  { name: 'root', num_children: 6 },
  { name: 'id', type: 'INT32', converted_type: 'UINT_32', repetition_type: 'REQUIRED' },
  { name: 'loss', type: 'FLOAT', repetition_type: 'REQUIRED' },
  { name: 'label', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'predicted', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'correct', type: 'BOOLEAN', repetition_type: 'REQUIRED' },
  { name: 'margin', type: 'FLOAT', repetition_type: 'REQUIRED' },
];

/**
 * A table as a Parquet file: columns id, loss, label, predicted, correct, margin. The bytes follow from table and
 * metadata alone. Ids that do not ascend and columns of different lengths are data errors.
 */
export function encodeShard(table: LossTable, metadata: ShardMetadata): Uint8Array<ArrayBuffer> {
  const { ids, loss, labels, predicted, margin } = table;
  for (const column of [loss, labels, predicted, margin])
    if (column.length !== ids.length)
      throw dataError(`Cannot write losses: ${ids.length} ids with ${column.length} values, expected one for each id`);
  for (let row = 1; row < ids.length; row++)
    if (ids[row]! <= ids[row - 1]!)
      throw dataError(`Cannot write losses: id ${ids[row]} follows ${ids[row - 1]}, expected ascending ids`);

  const correct = new Array<boolean>(ids.length);
  for (let row = 0; row < ids.length; row++) correct[row] = labels[row] === predicted[row];
  // Least and greatest of a column, which queries skip files by, take a third of the time.
  const columnData = [
    // The writer takes a Uint32Array for signed numbers.
    { name: 'id', data: ids.at(-1)! < 2 ** 31 ? new Int32Array(ids) : Array.from(ids), statistics: true },
    { name: 'loss', data: loss, statistics: true },
    { name: 'label', data: labels },
    { name: 'predicted', data: predicted },
    { name: 'correct', data: correct },
    { name: 'margin', data: margin },
  ];
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: columnData.map((column) => ({ ...column, encoding: 'PLAIN' })),
      schema,
      codec: 'UNCOMPRESSED',
      statistics: false,
      // One page a column, so that its values lie in one piece.
      rowGroupSize: ids.length,
      pageSize: 0,
      kvMetadata: [
        { key: 'rho-loss.version', value: '1' },
        { key: 'rho-loss.data', value: metadata.data },
        { key: 'rho-loss.model', value: metadata.model },
      ],
    }),
  );
}

/** Where the values of each column begin in the bytes of a shard. */
export function columnOffsets(bytes: Uint8Array<ArrayBuffer>): Record<NumberColumn, number> {
  const { columns } = parquetMetadata(bytes.buffer).row_groups[0]!;
  const offsetOf = (column: NumberColumn) => {
    const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === column)!.meta_data!;
    // Behind the header of its one page.
    return Number(chunk.data_page_offset + chunk.total_compressed_size) - 4 * Number(chunk.num_values);
  };
  return Object.fromEntries(numberColumns.map((column) => [column, offsetOf(column)])) as Record<NumberColumn, number>;
}

/**
 * Reads some columns of a shard. Bytes that are not Parquet, and missing columns or values, are plain errors: the caller
 * knows which file they come from.
 */
export async function decodeShard<K extends keyof LossTable>(
  bytes: Uint8Array,
  columns: readonly K[],
): Promise<Pick<LossTable, K>> {
  const file = {
    byteLength: bytes.length,
    slice: (start: number, end?: number) => bytes.slice(start, end).buffer as ArrayBuffer,
  };
  const scan = await parquetScan({ file, columns: columns.map((column) => columnsOfTable[column].name) });
  const table: Partial<Record<keyof LossTable, LossTable[keyof LossTable]>> = {};
  for (const column of columns) {
    const { name, allocate } = columnsOfTable[column];
    const values = allocate(Number(scan.metadata.num_rows));
    for (const range of scan.ranges) {
      const part = await scan.readColumn({ column: name, ...range });
      if (Array.isArray(part) && !part.every((value) => typeof value === 'number'))
        throw new Error(`its column ${name} holds something that is not a number`);
      values.set(part as ArrayLike<number>, range.rowStart);
    }
    table[column] = values;
  }
  return table as Pick<LossTable, K>;
}
