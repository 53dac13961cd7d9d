/** A .npy file, as numpy.save writes it: `descr` such as `<f4`, then the bytes of the numbers. */
export function npyOf(
  descr: string,
  shape: readonly number[],
  data: ArrayBufferView,
  { fortran = false, version = 1 }: { readonly fortran?: boolean; readonly version?: 1 | 2 } = {},
): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sizes}), }`;
  const before = version === 1 ? 10 : 12;
  const length = Math.ceil((before + text.length + 1) / 64) * 64 - before;
  const head = Buffer.alloc(before);
  head.set([0x93, ...Buffer.from('NUMPY'), version, 0]);
  if (version === 1) head.writeUInt16LE(length, 8);
  else head.writeUInt32LE(length, 8);
  const numbers = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`), numbers]);
}
