import { parquetWriteBuffer } from 'hyparquet-writer';

type Options = Partial<Parameters<typeof parquetWriteBuffer>[0]>;

/** What Hugging Face's library writes into the metadata of a file whose labels have names. */
export function huggingFace(names: readonly string[]): NonNullable<Options['kvMetadata']> {
  const features = { label: { names, _type: 'ClassLabel' } };
  return [
    { key: 'ARROW:schema', value: '…' },
    { key: 'huggingface', value: JSON.stringify({ info: { features } }) },
  ];
}

/** A Parquet file of encoded images, each a group {bytes, path} as Hugging Face has them, and int64 labels. */
export function imagesParquet(
  images: readonly Uint8Array[],
  labels: readonly number[],
  {
    column = 'image',
    label = 'label',
    ...options
  }: Options & { readonly column?: string; readonly label?: string } = {},
): Uint8Array {
  const group = images.map((bytes, row) => ({ bytes, path: `${row}.png` }));
  const optional = { repetition_type: 'OPTIONAL' } as const;
  return new Uint8Array(
    parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 2 },
        { name: column, num_children: 2, ...optional },
        { name: 'bytes', type: 'BYTE_ARRAY', ...optional },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional },
        { name: label, type: 'INT64', ...optional },
      ],
      columnData: [
        { name: column, data: group },
        { name: label, data: labels.map(BigInt) },
      ],
      ...options,
    }),
  );
}

/** A Parquet file of texts, and labels that are whole numbers (int64) or names. */
export function textsParquet(
  texts: readonly string[],
  labels: readonly (number | string)[],
  options: Options = {},
): Uint8Array {
  const isNames = typeof labels[0] === 'string';
  const label = isNames
    ? { name: 'label', data: [...labels], type: 'STRING' as const }
    : { name: 'label', data: labels.map(BigInt), type: 'INT64' as const };
  const columnData = [{ name: 'text', data: [...texts], type: 'STRING' as const }, label];
  return new Uint8Array(parquetWriteBuffer({ columnData, ...options }));
}

/** A frame of Zstandard that holds `bytes` as they are, in blocks of at most 128 KiB. */
export function zstdOf(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(9);
  head.set([0x28, 0xb5, 0x2f, 0xfd, 0xa0]);
  head.writeUInt32LE(bytes.length, 5);
  const parts: Uint8Array[] = [head];
  for (let at = 0; at === 0 || at < bytes.length; at += 2 ** 17) {
    const part = bytes.subarray(at, at + 2 ** 17);
    const isLast = at + part.length === bytes.length;
    const begin = part.length * 8 + (isLast ? 1 : 0);
    parts.push(Uint8Array.of(begin & 255, (begin >> 8) & 255, begin >> 16), part);
  }
  return Buffer.concat(parts);
}
