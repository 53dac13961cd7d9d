import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { differentiate } from '../../src/onnx/autodiff.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { int } from '../../src/onnx/graph.ts';
import { writeModel } from '../../src/onnx/model.ts';

test('the gradient of an embedding on several threads is the sum over all tokens that are alike', async () => {
  const [words, width, tokens] = [4, 128, 2048];
  const b = new GraphBuilder('embedding');
  const table = b.input({ name: 'table', dtype: 'float32', dims: [words, width] });
  const ids = b.input({ name: 'ids', dtype: 'int64', dims: [tokens] });
  const upstream = b.input({ name: 'upstream', dtype: 'float32', dims: [tokens, width] });
  const product = b.node('Mul', [b.node('Gather', [table, ids]), upstream]);
  const sum = b.node('ReduceSum', [product], { keepdims: int(0) });
  b.output(differentiate(b, sum, ['table']).get('table')!, 'gradient');
  const session = await ort.InferenceSession.create(writeModel(b.build()), { intraOpNumThreads: 4 });

  const word = BigInt64Array.from({ length: tokens }, (_, i) => BigInt((i * 7) % words));
  // Whole numbers, whose sums are exact in any order.
  const numbers = Float32Array.from({ length: tokens * width }, (_, i) => (i * 31) % 17);
  const expected = new Float32Array(words * width);
  numbers.forEach((number, i) => {
    expected[Number(word[Math.floor(i / width)]!) * width + (i % width)]! += number;
  });
  const feeds = {
    table: new ort.Tensor('float32', new Float32Array(words * width), [words, width]),
    ids: new ort.Tensor('int64', word, [tokens]),
    upstream: new ort.Tensor('float32', numbers, [tokens, width]),
  };
  for (let run = 0; run < 100; run++) expect((await session.run(feeds)).gradient!.data).toEqual(expected);
  await session.release();
});
