import { dataError } from './errors.ts';
import { bytesPerElement, type Dtype, elementCount, type Tensor, viewAs } from './tensor.ts';

/** Named tensors with some text beside them, as a .safetensors file holds them. */
export interface TensorFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

const nameOfDtype: Readonly<Partial<Record<Dtype, string>>> = {
  float32: 'F32',
  float64: 'F64',
  int64: 'I64',
  int32: 'I32',
  uint8: 'U8',
};
const dtypeOfName = new Map(Object.entries(nameOfDtype).map(([dtype, name]) => [name, dtype as Dtype]));

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Writes the safetensors format: length of the header (uint64, little-endian), JSON header, raw numbers. */
export function encodeSafetensors({ metadata, tensors }: TensorFile): Uint8Array<ArrayBuffer> {
  let offset = 0;
  const entries: Record<string, unknown> = { __metadata__: metadata };
  for (const [name, { dtype, dims, data }] of Object.entries(tensors)) {
    entries[name] = { dtype: nameOfDtype[dtype], shape: dims, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(entries));
  // Padded with blanks so that the numbers are aligned.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + offset).fill(0x20, 8, 8 + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(json, 8);
  let position = 8 + headerBytes;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/** Reads the safetensors format; throws a data error that names the file for bytes that are cut off or something else. */
export function decodeSafetensors(bytes: Uint8Array, name: string): TensorFile {
  const refuse = (why: string) => dataError(`Cannot read "${name}": ${why}, expected a whole .safetensors file`);
  if (bytes.length < 8) throw refuse(`it has ${bytes.length} bytes`);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (headerBytes > bytes.length - 8) throw refuse('its header is cut off');
  const { metadata, entries } = parseHeader(bytes.subarray(8, 8 + headerBytes), refuse);
  const body = bytes.subarray(8 + headerBytes);
  const tensors = Object.entries(entries).map(([key, { dtype: code, shape, data_offsets: offsets }]) => {
    const dtype = dtypeOfName.get(code);
    if (dtype === undefined) throw refuse(`"${key}" is of the type ${code}`);
    const [from, to] = offsets;
    if (to > body.length || to - from !== elementCount(shape) * bytesPerElement(dtype))
      throw refuse(`"${key}" is cut off`);
    // Not slice(), which does not copy Node's Buffer.
    return [key, { dtype, dims: shape, data: viewAs(dtype, new Uint8Array(body.subarray(from, to))) }] as const;
  });
  return { metadata, tensors: Object.fromEntries(tensors) };
}

interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: Readonly<Record<string, Entry>>;
}

function parseHeader(bytes: Uint8Array, refuse: (why: string) => Error): Header {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw refuse('its header is not JSON');
  }
  const { __metadata__: metadata = {}, ...entries } = { ...(header as Record<string, unknown>) };
  if (!isPlainObject(header) || !isPlainObject(metadata) || !Object.values(entries).every(isEntry))
    throw refuse('its header is no table of tensors');
  return { metadata: metadata as Header['metadata'], entries: entries as Header['entries'] };
}

function isEntry(value: unknown): value is Entry {
  const { dtype, shape, data_offsets: offsets } = { ...(value as Partial<Entry>) };
  return typeof dtype === 'string' && areSizes(shape) && areSizes(offsets) && offsets.length === 2;
}

function areSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
