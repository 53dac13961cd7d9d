import { expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/onnx/model.ts';
import { linear, modelOf, uniform } from './models.ts';

const text = (content: string) => Uint8Array.from(content, (letter) => letter.charCodeAt(0));
const whole = writeModel(modelOf(3, (b) => linear(b, 'x', 'fc', uniform(1, [2, 3]), uniform(2, [2]))));

test.each<[string, Uint8Array, string]>([
  [
    'a checkpoint of PyTorch',
    text(`PK\x03\x04${'archive/data.pkl'.repeat(9)}`),
    'a zip archive, as PyTorch writes a checkpoint',
  ],
  ['an old checkpoint of PyTorch', text('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'), 'a Python pickle'],
  ['a model of Keras', text('\x89HDF\r\n\x1a\n'), 'an HDF5 file'],
  ['a model of TensorFlow Lite', text('\x1c\0\0\0TFL3'), 'a TensorFlow Lite model'],
  ['a pointer of Git LFS', text('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'), '"git lfs pull"'],
  ['weights without a model', text('\x30\x01\0\0\0\0\0\0{"fc.weight":{"dtype":"F32"}}'), 'a safetensors file'],
  ['a gzip file', text('\x1f\x8b\x08\0'), 'unpack it first'],
  ['a model that was cut off', whole.subarray(0, whole.length - 10), 'begins as an ONNX model but is cut off, damaged'],
  ['nothing', new Uint8Array(), 'it is empty; export or fetch the model again'],
])('%s is told from a model', (_, bytes, reason) => {
  expect(() => readModel(bytes, 'm.onnx')).toThrow(
    expect.objectContaining({
      kind: 'data',
      message: expect.stringMatching(new RegExp(`^Cannot read "m.onnx": .*${reason}`)),
    }),
  );
});
