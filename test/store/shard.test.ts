import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import type { LossTable } from '../../src/store/lossTable.ts';
import { columnOffsets, decodeShard, encodeShard } from '../../src/store/shard.ts';
import { dataFingerprint, modelFingerprint, table } from './example.ts';

const metadata = { data: dataFingerprint, model: modelFingerprint };
const allColumns = ['ids', 'loss', 'labels', 'predicted', 'margin'] as const;

/** Any rows: ids up to 2^32 - 1, losses that are NaN or infinite among them. */
const tables: fc.Arbitrary<LossTable> = fc
  .uniqueArray(
    fc.record({
      id: fc.nat({ max: 2 ** 32 - 1 }),
      loss: fc.float(),
      label: fc.integer(),
      predicted: fc.integer(),
      margin: fc.float(),
    }),
    { selector: (row) => row.id, maxLength: 200 },
  )
  .map((rows) => {
    rows.sort((a, b) => a.id - b.id);
    return {
      ids: Uint32Array.from(rows, (row) => row.id),
      loss: Float32Array.from(rows, (row) => row.loss),
      labels: Int32Array.from(rows, (row) => row.label),
      predicted: Int32Array.from(rows, (row) => row.predicted),
      margin: Float32Array.from(rows, (row) => row.margin),
    };
  });

test('any table survives, losses that are not finite included', async () => {
  await fc.assert(
    fc.asyncProperty(tables, async (rows) => {
      expect(await decodeShard(encodeShard(rows, metadata), allColumns)).toEqual(rows);
    }),
  );
});

test('a large table is one row group, whose columns lie in one piece each', async () => {
  const ids = Uint32Array.from({ length: 1_100_000 }, (_, row) => 3 * row);
  const big: LossTable = {
    ids,
    loss: Float32Array.from(ids, (id) => id / 7),
    labels: Int32Array.from(ids, (id) => id % 10),
    predicted: Int32Array.from(ids, (id) => id % 3),
    margin: Float32Array.from(ids, (id) => id / -9),
  };
  const bytes = encodeShard(big, metadata);
  expect(parquetMetadata(bytes.buffer as ArrayBuffer).row_groups.length).toBe(1);
  const offsets = columnOffsets(bytes);
  const loss = new Float32Array(bytes.slice(offsets.loss, offsets.loss + 4 * ids.length).buffer);
  expect(Buffer.compare(bytesOf(loss), bytesOf(big.loss))).toBe(0);
  const read = await decodeShard(bytes, allColumns);
  for (const column of allColumns) expect(Buffer.compare(bytesOf(read[column]), bytesOf(big[column])), column).toBe(0);
});

function bytesOf({ buffer, byteOffset, byteLength }: LossTable[keyof LossTable]): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

test('the columns asked for are read and no others', async () => {
  const read = await decodeShard(encodeShard(table, metadata), ['loss', 'ids']);
  expect(read).toEqual({ loss: table.loss, ids: table.ids });
});

test('a general Parquet reader sees the rows and whether each was predicted as labelled', async () => {
  const file = encodeShard(table, metadata).buffer as ArrayBuffer;
  const rows = await parquetReadObjects({ file });
  expect(rows[0]).toEqual({ id: 0, loss: 0.25, label: 3, predicted: 3, correct: true, margin: Math.fround(0.6) });
  expect(rows[1]).toEqual({ id: 2, loss: 1.5, label: 1, predicted: 2, correct: false, margin: -0.5 });
  expect(rows.length).toBe(4);
});

test('types and fingerprints are in the Parquet metadata', () => {
  const { schema, key_value_metadata } = parquetMetadata(encodeShard(table, metadata).buffer as ArrayBuffer);
  const types = schema.slice(1).map((column) => [column.name, column.type, column.repetition_type]);
  expect(types).toEqual([
    ['id', 'INT32', 'REQUIRED'],
    ['loss', 'FLOAT', 'REQUIRED'],
    ['label', 'INT32', 'REQUIRED'],
    ['predicted', 'INT32', 'REQUIRED'],
    ['correct', 'BOOLEAN', 'REQUIRED'],
    ['margin', 'FLOAT', 'REQUIRED'],
  ]);
  expect(key_value_metadata).toEqual([
    { key: 'rho-loss.version', value: '1' },
    { key: 'rho-loss.data', value: dataFingerprint },
    { key: 'rho-loss.model', value: modelFingerprint },
  ]);
});

test('the same table makes the same bytes', () => {
  expect(encodeShard(table, metadata)).toEqual(encodeShard(table, metadata));
});

test('ids that do not ascend are refused', () => {
  const ids = Uint32Array.of(0, 4, 4, 6);
  expect(() => encodeShard({ ...table, ids }, metadata)).toThrow('id 4 follows 4, expected ascending ids');
});

test('a column of another length is refused', () => {
  const margin = new Float32Array(3);
  expect(() => encodeShard({ ...table, margin }, metadata)).toThrow('4 ids with 3 values, expected one for each id');
});

test('bytes that are not Parquet are an error', async () => {
  await expect(decodeShard(new Uint8Array(100), ['ids'])).rejects.toThrow('parquet file invalid');
});
