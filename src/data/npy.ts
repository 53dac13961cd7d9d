import { dataError } from '../core/errors.ts';
import { bytesPerElement, type Dtype, elementCount, type Tensor, viewAs } from '../core/tensor.ts';

/** What the header of a .npy file tells. */
export interface NpyHeader {
  /** NumPy's name of the type, without the byte order: u1, i8, f4 … */
  readonly type: string;
  readonly dims: readonly number[];
  /** Byte at which the numbers begin. */
  readonly offset: number;
}

/** The bytes from which a header can be told: longer ones belong to structured types, which are refused. */
export const npyHeaderBytes = 4096;

const dtypes: Readonly<Record<string, Dtype>> = {
  u1: 'uint8',
  i1: 'int8',
  i4: 'int32',
  i8: 'int64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

/**
 * Reads the header of a .npy file (NumPy's format, versions 1 to 3) from its first bytes. Big endian, Fortran order and
 * types other than whole and floating-point numbers are data errors. `name` is the file that an error names.
 */
export function readNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const isNpy = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, at) => bytes[at] === byte);
  if (!isNpy || bytes.length < 12)
    throw dataError(`Cannot read "${name}": it does not begin as a .npy file; write it with numpy.save`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [begin, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const offset = begin + length;
  const text = new TextDecoder('latin1').decode(bytes.subarray(begin, offset));
  const [, descr] = /'descr':\s*'([^']*)'/.exec(text) ?? [];
  const [, order] = /'fortran_order':\s*(True|False)/.exec(text) ?? [];
  const [, shape] = /'shape':\s*\(([\d,\s]*)\)/.exec(text) ?? [];
  const [, byteOrder, type] = /^([<>|=]?)([biuf][1248])$/.exec(descr ?? '') ?? [];
  if (offset > bytes.length || order === undefined || shape === undefined || type === undefined)
    throw dataError(
      `Cannot read "${name}": its header is ${text.trim().slice(0, 80)}, expected an array of plain numbers; write it with numpy.save`,
    );
  if (byteOrder === '>')
    throw dataError(
      `Cannot read "${name}": its numbers are big endian (${descr}); write it with x.astype("<${type}") and numpy.save`,
    );
  const dims = shape.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  if (order === 'True' && dims.length > 1)
    throw dataError(
      `Cannot read "${name}": it is in Fortran order; write it with numpy.save(…, numpy.ascontiguousarray(x))`,
    );
  return { type, dims, offset };
}

/** The type that the numbers of a .npy file are as a tensor; a data error where there is none. */
export function npyDtype({ type }: NpyHeader, name: string): Dtype {
  const dtype = dtypes[type];
  if (dtype === undefined)
    throw dataError(
      `Cannot read "${name}": its numbers are of type ${type}, expected one of ${Object.keys(dtypes).join(', ')}; convert them with astype`,
    );
  return dtype;
}

/** Throws a data error where a .npy file of `size` bytes does not hold what its header tells, in numbers of `width` bytes. */
export function checkNpySize({ dims, offset }: NpyHeader, width: number, size: number, name: string): void {
  const expected = offset + width * elementCount(dims);
  if (size !== expected)
    throw dataError(
      `Cannot read "${name}": it has ${size} bytes, its header tells of ${expected} (${dims.join(' x ') || 'one number'}); fetch the file again`,
    );
}

/** The array in an unpacked .npy file; `name` is what an error names. Float16 stays as its bits. */
export function readNpy(bytes: Uint8Array, name: string): Tensor {
  const header = readNpyHeader(bytes, name);
  const dtype = npyDtype(header, name);
  checkNpySize(header, bytesPerElement(dtype), bytes.length, name);
  return { dtype, dims: header.dims, data: viewAs(dtype, bytes.subarray(header.offset)) };
}
