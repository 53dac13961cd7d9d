import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { withExternalData } from '../../src/onnx/externalData.ts';
import { readModel, writeModel } from '../../src/onnx/model.ts';
import {
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
} from '../../src/onnx/proto/onnx_pb.ts';
import { linear, modelOf, uniform } from './models.ts';

const model = modelOf(3, (b) => linear(b, 'x', 'fc', uniform(1, [2, 3]), uniform(2, [2])));
const bytes = writeModel(model);

/** The model with its weight in another file, as these entries say. */
function outside(entries: Readonly<Record<string, string>>): Uint8Array {
  const proto = fromBinary(ModelProtoSchema, bytes);
  const tensor = proto.graph!.initializer[0]!;
  tensor.rawData = new Uint8Array();
  tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
  tensor.externalData = Object.entries(entries).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  return toBinary(ModelProtoSchema, proto);
}

/** The numbers of the weight, with 8 bytes of something else before them. */
function file(): Uint8Array {
  const { buffer } = model.weights.get('fc.weight')!.data;
  const content = new Uint8Array(8 + 24 + 4).fill(1);
  content.set(new Uint8Array(buffer as ArrayBuffer), 8);
  return content;
}

test('weights that lie in another file are read from there', async () => {
  const asked: string[] = [];
  const read = async (path: string) => {
    asked.push(path);
    return file();
  };
  const whole = await withExternalData(outside({ location: 'sub/w.bin', offset: '8', length: '24' }), 'm.onnx', read);
  expect(asked).toEqual(['sub/w.bin']);
  expect(readModel(whole, 'm.onnx')).toEqual(readModel(bytes, 'm.onnx'));
});

test('a model that has none is returned as it is', async () => {
  expect(await withExternalData(bytes, 'm.onnx', () => Promise.reject(new Error('asked')))).toBe(bytes);
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  [
    'above the folder of the model',
    { location: '../w.bin' },
    'lies in "../w.bin", expected a file in the folder of the model',
  ],
  ['above it by a detour', { location: 'a/../../w.bin' }, 'expected a file in the folder of the model'],
  ['at a path of its own', { location: '/etc/passwd' }, 'expected a file in the folder of the model'],
  ['on a drive', { location: 'C:\\w.bin' }, 'expected a file in the folder of the model'],
  ['nowhere', {}, 'lies in "", expected a file'],
  [
    'beyond the end',
    { location: 'w.bin', offset: '16', length: '24' },
    'lies in bytes 16 to 40 of "w.bin", which has 36',
  ],
  [
    'before the start',
    { location: 'w.bin', offset: '-8' },
    'the offset of its weight "fc.weight" is "-8", expected bytes',
  ],
])('weights %s are refused', async (_, entries, message) => {
  const found = withExternalData(outside(entries), 'm.onnx', async () => file());
  await expect(found).rejects.toMatchObject({ kind: 'data', message: expect.stringContaining(message) });
});
