import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type TensorFile } from '../../src/core/safetensors.ts';
import { allocate, type Dtype, elementCount, float32 } from '../../src/core/tensor.ts';
import { readSafetensors } from '../parity/readSafetensors.ts';

const small: TensorFile = {
  metadata: { step: '3' },
  tensors: {
    weight: float32([1, -2.5, 3, 4, 5, 6], [2, 3]),
    ids: { dtype: 'int64', dims: [2], data: BigInt64Array.of(-1n, 2n ** 40n) },
    flag: { dtype: 'uint8', dims: [], data: Uint8Array.of(7) },
  },
};

/** The bytes of a file with this header and body. */
function fileOf(header: unknown, body: Uint8Array = new Uint8Array()): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(body, 8 + json.length);
  return bytes;
}

test('a file starts with the length of its header, the header as JSON, and the numbers behind it', () => {
  const bytes = encodeSafetensors({ metadata: { a: 'b' }, tensors: { w: float32([1, -2]) } });
  const header = '{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
  const padded = header.padEnd(80, ' ');
  expect([...bytes.subarray(0, 8)]).toEqual([80, 0, 0, 0, 0, 0, 0, 0]);
  expect(new TextDecoder().decode(bytes.subarray(8, 88))).toBe(padded);
  expect([...bytes.subarray(88)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
});

test('a file written in Python is read as another reader reads it', () => {
  const path = 'test/parity/fixtures/selection.safetensors.gz';
  const { tensors } = decodeSafetensors(gunzipSync(readFileSync(path)), path);
  const expected = readSafetensors(path);
  expect(Object.keys(tensors).sort()).toEqual([...expected.keys()].sort());
  for (const [name, { dims, data }] of expected) {
    expect(tensors[name]!.dims).toEqual(dims);
    expect(Buffer.from(tensors[name]!.data.buffer).equals(Buffer.from(data.buffer)), name).toBe(true);
  }
});

test('what is written is read back bit for bit', () => {
  const dtype = fc.constantFrom<Dtype>('float32', 'float64', 'int64', 'int32', 'uint8');
  const tensor = fc.tuple(dtype, fc.array(fc.nat(4), { maxLength: 3 })).chain(([type, dims]) =>
    fc.uint8Array({ minLength: 8 * elementCount(dims), maxLength: 8 * elementCount(dims) }).map((bytes) => {
      const data = allocate(type, dims);
      // Any bits: NaN with a payload, -0 and denormals among them.
      new Uint8Array(data.buffer).set(bytes.subarray(0, data.byteLength));
      return { dtype: type, dims, data };
    }),
  );
  const name = fc.string({ unit: 'grapheme' }).filter((text) => !text.startsWith('__'));
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.string()),
      fc.dictionary(name, tensor),
      fc.nat(9),
      (metadata, tensors, shift) => {
        const encoded = encodeSafetensors({ metadata, tensors });
        // From anywhere in a larger buffer.
        const moved = new Uint8Array(encoded.length + shift).subarray(shift);
        moved.set(encoded);
        const read = decodeSafetensors(moved, 'x');
        expect(read.metadata).toEqual(metadata);
        expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
        for (const [key, { dtype: type, dims, data }] of Object.entries(tensors)) {
          const found = read.tensors[key]!;
          expect([found.dtype, found.dims]).toEqual([type, dims]);
          const bits = ({ buffer, byteOffset, byteLength }: typeof data) =>
            new Uint8Array(buffer, byteOffset, byteLength);
          expect(bits(found.data)).toEqual(bits(data));
        }
      },
    ),
  );
});

test('a file that is cut off anywhere is refused by name, and it says what is missing', () => {
  const bytes = encodeSafetensors(small);
  const numbers = bytes.length - (6 * 4 + 2 * 8 + 1);
  for (let length = 0; length < bytes.length; length++) {
    const part =
      length < 8 ? `it has ${length} bytes` : length < numbers ? 'its header is cut off' : '"\\w+" is cut off';
    expect(() => decodeSafetensors(bytes.slice(0, length), 'runs/a'), `${length} bytes`).toThrow(
      expect.objectContaining({
        kind: 'data',
        message: expect.stringMatching(`^Cannot read "runs/a": ${part}, expected a whole \\.safetensors file$`),
      }),
    );
  }
  expect(decodeSafetensors(bytes, 'whole')).toEqual(small);
});

const entry = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };

test.each<[string, unknown, string]>([
  ['no JSON', '{"w": ', 'its header is not JSON'],
  ['a number', 5, 'its header is no table of tensors'],
  ['null', null, 'its header is no table of tensors'],
  ['a list', [entry], 'its header is no table of tensors'],
  ['metadata that are text', { __metadata__: 'x' }, 'its header is no table of tensors'],
  ['a tensor that is null', { w: null }, 'its header is no table of tensors'],
  ['a tensor without a shape', { w: { ...entry, shape: undefined } }, 'its header is no table of tensors'],
  ['a shape of text', { w: { ...entry, shape: ['1'] } }, 'its header is no table of tensors'],
  ['one offset', { w: { ...entry, data_offsets: [4] } }, 'its header is no table of tensors'],
  ['an offset before the numbers', { w: { ...entry, data_offsets: [-4, 0] } }, 'its header is no table of tensors'],
  ['another type', { w: { ...entry, dtype: 'BF16' } }, '"w" is of the type BF16'],
  ['a shape that its bytes do not fill', { w: { ...entry, shape: [2] } }, '"w" is cut off'],
])('a header that is or holds %s is refused', (_what, header, reason) => {
  expect(() => decodeSafetensors(fileOf(header, new Uint8Array(4)), 'a')).toThrow(
    expect.objectContaining({
      kind: 'data',
      message: `Cannot read "a": ${reason}, expected a whole .safetensors file`,
    }),
  );
});

test('any header is read or refused as bad data', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.uint8Array(), (header, body) => {
      try {
        decodeSafetensors(fileOf(header, body), 'a');
      } catch (error) {
        expect(error).toMatchObject({ kind: 'data' });
      }
    }),
  );
});
