import fs from 'node:fs';
import { gunzipSync } from 'node:zlib';

const ARRAYS = { F32: Float32Array, I32: Int32Array, I64: BigInt64Array, U8: Uint8Array } as const;

type Dtype = keyof typeof ARRAYS;

/** An array of a safetensors file; `data` holds `dims` row by row. */
export interface StoredArray<Data = Float32Array | Int32Array | BigInt64Array | Uint8Array> {
  readonly dims: readonly number[];
  readonly data: Data;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** The arrays of a safetensors file by name, gzipped where its name ends in `.gz`; its `__metadata__` is left out. */
export function readSafetensors(path: string | URL): Map<string, StoredArray> {
  const file = fs.readFileSync(path);
  const bytes = String(path).endsWith('.gz') ? gunzipSync(file) : file;
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<string, Entry>;
  const arrays = new Map<string, StoredArray>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!(dtype in ARRAYS)) throw new Error(`Cannot read "${name}" of "${path}": its dtype is ${dtype}`);
    const [from, to] = data_offsets.map((offset) => 8 + headerLength + offset);
    // The copy starts at an aligned address, which a view into the file need not.
    const { buffer } = Uint8Array.from(bytes.subarray(from, to));
    const data = new ARRAYS[dtype as Dtype](buffer);
    const length = shape.reduce((product, dim) => product * dim, 1);
    if (data.length !== length)
      throw new Error(`Cannot read "${name}" of "${path}": it holds ${data.length} values, its shape has ${length}`);
    arrays.set(name, { dims: shape, data });
  }
  return arrays;
}

function arrayOf<Data extends StoredArray['data']>(
  arrays: ReadonlyMap<string, StoredArray>,
  name: string,
  type: abstract new (...args: never[]) => Data,
): StoredArray<Data> {
  const found = arrays.get(name);
  if (!(found?.data instanceof type))
    throw new Error(`No ${type.name} "${name}" among ${[...arrays.keys()].join(', ')}`);
  return found as StoredArray<Data>;
}

/** The float32 array called `name`; an error where there is none. */
export function float32Of(arrays: ReadonlyMap<string, StoredArray>, name: string): StoredArray<Float32Array> {
  return arrayOf<Float32Array>(arrays, name, Float32Array);
}

/** The int32 array called `name`; an error where there is none. */
export function int32Of(arrays: ReadonlyMap<string, StoredArray>, name: string): StoredArray<Int32Array> {
  return arrayOf<Int32Array>(arrays, name, Int32Array);
}

/** The uint8 array called `name`; an error where there is none. */
export function uint8Of(arrays: ReadonlyMap<string, StoredArray>, name: string): StoredArray<Uint8Array> {
  return arrayOf<Uint8Array>(arrays, name, Uint8Array);
}
