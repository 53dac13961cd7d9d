import { dataError } from '../core/errors.ts';
import { type ByteFile, piecesOf, readPart } from './byteFile.ts';
import { checkNpySize, npyHeaderBytes, readNpyHeader } from './npy.ts';

/** The number at a byte, little endian. */
type Reader = (view: DataView, at: number) => number;

const readers: Readonly<Record<string, Reader>> = {
  i1: (view, at) => view.getInt8(at),
  u1: (view, at) => view.getUint8(at),
  i2: (view, at) => view.getInt16(at, true),
  u2: (view, at) => view.getUint16(at, true),
  i4: (view, at) => view.getInt32(at, true),
  u4: (view, at) => view.getUint32(at, true),
  i8: (view, at) => Number(view.getBigInt64(at, true)),
  u8: (view, at) => Number(view.getBigUint64(at, true)),
};

/** Reads labels of any integer type, [N] or [N, 1], from a .npy file, piece by piece. */
export async function readNpyLabels(file: ByteFile): Promise<Int32Array> {
  const { name, size } = file;
  const header = readNpyHeader(await readPart(file, 0, npyHeaderBytes), name);
  const { type, dims, offset } = header;
  const read = readers[type];
  if (read === undefined)
    throw dataError(`Cannot use "${name}" as labels: its numbers are of type ${type}, expected whole ones, such as i8`);
  if (dims.length === 0 || dims.slice(1).some((dim) => dim !== 1))
    throw dataError(`Cannot use "${name}" as labels: its shape is ${dims.join(' x ')}, expected one label an example`);
  const width = Number(type[1]);
  checkNpySize(header, width, size, name);
  const labels = new Int32Array(dims[0]!);
  let id = 0;
  // A piece is a whole number of labels, whatever their width.
  for await (const piece of piecesOf(file, offset, size)) {
    const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
    for (let at = 0; at < piece.length; at += width, id++) {
      const label = read(view, at);
      if (label < 0 || label >= 2 ** 31)
        throw dataError(`Cannot use the labels of "${name}": example ${id} has label ${label}, expected 0 or more`);
      labels[id] = label;
    }
  }
  return labels;
}
