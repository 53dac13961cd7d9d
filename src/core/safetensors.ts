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
  const { __metadata__: metadata = {}, ...entries } = parseHeader(bytes.subarray(8, 8 + headerBytes), refuse);
  const body = bytes.subarray(8 + headerBytes);
  const tensors = Object.entries(entries as Record<string, Entry>).map(
    ([key, { dtype: code, shape, data_offsets }]) => {
      const dtype = dtypeOfName.get(code);
      if (dtype === undefined) throw refuse(`"${key}" is of the type ${code}`);
      const [from, to] = data_offsets;
      if (to > body.length || to - from !== elementCount(shape) * bytesPerElement(dtype))
        throw refuse(`"${key}" is cut off`);
      return [key, { dtype, dims: shape, data: viewAs(dtype, body.slice(from, to)) }] as const;
    },
  );
  return { metadata: metadata as Record<string, string>, tensors: Object.fromEntries(tensors) };
}

function parseHeader(bytes: Uint8Array, refuse: (why: string) => Error): Record<string, unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw refuse('its header is not JSON');
  }
}
