import type { FileMetaData, SchemaTree } from 'hyparquet';
import { imageColumns, labelColumns, textColumns } from '../../data/columnNames.ts';

/** A column at the top of a Parquet file, and what its values may be. */
export interface ParquetColumn {
  readonly name: string;
  readonly holds: 'images' | 'texts' | 'numbers' | 'other';
}

/** Bytes behind the footer: its length, and the letters PAR1. */
const endBytes = 8;

/** The columns of a Parquet file; none where it cannot be read, which the job says with the reason. */
export async function parquetColumns(file: Blob): Promise<readonly ParquetColumn[]> {
  try {
    const { parquetSchema } = await import('hyparquet');
    const { children } = parquetSchema(await readMetadata(file));
    return children.map((column) => ({ name: column.element.name, holds: contentOf(column) }));
  } catch {
    return [];
  }
}

/** The first columns that the readers take for examples and for labels; null where they find none. */
export function foundColumns(columns: readonly ParquetColumn[]): { readonly input: ParquetColumn } | null {
  const find = (names: readonly string[]) =>
    names.map((wanted) => columns.find(({ name }) => name === wanted)).find((column) => column !== undefined);
  const input = find(imageColumns) ?? find(textColumns);
  return input === undefined || find(labelColumns) === undefined ? null : { input };
}

/**
 * The file with two of its columns called what the readers look for, and the others what they do not. Its rows are where they were: a new
 * footer stands in place of the old one.
 */
export async function withParquetColumns(file: Blob, input: ParquetColumn, label: string): Promise<Blob> {
  const [{ ByteWriter }, { writeMetadata }] = await Promise.all([
    import('hyparquet-writer'),
    import('hyparquet-writer/src/metadata.js'),
  ]);
  const metadata = await readMetadata(file);
  const writer = new ByteWriter();
  writeMetadata(writer, renamed(metadata, input, label));
  const rows = file.slice(0, file.size - endBytes - metadata.metadata_length);
  return new Blob([rows, writer.getBytes(), 'PAR1']);
}

async function readMetadata(file: Blob): Promise<FileMetaData> {
  const { parquetMetadataAsync } = await import('hyparquet');
  const slice = (start: number, end = file.size) => file.slice(start, end).arrayBuffer();
  return parquetMetadataAsync({ byteLength: file.size, slice });
}

function renamed(metadata: FileMetaData, input: ParquetColumn, label: string): FileMetaData {
  const [root, ...elements] = metadata.schema;
  const names = new Map<string, string>();
  // Names of columns, which stand among those of what is in them.
  let inside = 0;
  const schema = elements.map((element) => {
    const children = element.num_children ?? 0;
    const isColumn = inside === 0;
    inside += children - (isColumn ? 0 : 1);
    if (!isColumn) return element;
    const { name } = element;
    const examples = input.holds === 'texts' ? 'text' : 'image';
    names.set(name, name === input.name ? examples : name === label ? 'label' : `column${names.size}`);
    return { ...element, name: names.get(name)! };
  });
  return {
    ...metadata,
    schema: [root!, ...schema],
    row_groups: metadata.row_groups.map((group) => ({
      ...group,
      columns: group.columns.map(({ meta_data, ...chunk }) => {
        if (meta_data === undefined) return chunk;
        // Nothing here reads these, and they are written in the form of the type.
        const { statistics: _, path_in_schema, ...rest } = meta_data;
        const [column, ...below] = path_in_schema;
        return { ...chunk, meta_data: { ...rest, path_in_schema: [names.get(column!)!, ...below] } };
      }),
    })),
    ...(metadata.key_value_metadata && {
      key_value_metadata: metadata.key_value_metadata.map(({ key, value }) =>
        key === 'huggingface'
          ? { key, value: renamedFeatures(value ?? '', names) }
          : { key, ...(value !== undefined && { value }) },
      ),
    }),
  };
}

/** What Hugging Face's library says of columns, such as the names of classes, under their new names. */
function renamedFeatures(value: string, names: ReadonlyMap<string, string>): string {
  try {
    const described = JSON.parse(value);
    const features = Object.entries(described.info.features).map(([name, feature]) => [
      names.get(name) ?? name,
      feature,
    ]);
    return JSON.stringify({ ...described, info: { ...described.info, features: Object.fromEntries(features) } });
  } catch {
    return value;
  }
}

function contentOf({ element, children }: SchemaTree): ParquetColumn['holds'] {
  if (children.length > 0) return children.some((child) => child.element.name === 'bytes') ? 'images' : 'other';
  if (element.type === 'BYTE_ARRAY') {
    const isText = element.converted_type === 'UTF8' || element.logical_type?.type === 'STRING';
    return isText ? 'texts' : 'images';
  }
  return element.type === 'INT32' || element.type === 'INT64' ? 'numbers' : 'other';
}
