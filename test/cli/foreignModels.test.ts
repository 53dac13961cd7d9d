import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { readScoredModel } from '../../src/jobs/model.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { int } from '../../src/onnx/graph.ts';
import { writeModel } from '../../src/onnx/model.ts';
import { openLossStore } from '../../src/store/readStore.ts';
import { uniform } from '../onnx/models.ts';
import { runGraph } from '../onnx/runGraph.ts';
import { expectRefusal, filesIn, makeOld, rho, rhoJson, sharedFolder, writeDigits } from './rho.ts';

// IL models that others made, through the whole of `rho score`.

const folder = await sharedFolder();
const digits = ['--data', `idx:${folder.at('digits')}`, '--threads', '1'];

/** A linear model of the digits in `file`, closed by what `close` adds to its scores. */
async function writeLinear(file: string, close: (b: GraphBuilder, scores: string) => string): Promise<string> {
  const b = new GraphBuilder('linear');
  b.input({ name: 'image', dtype: 'float32', dims: ['batch', 1, 28, 28] });
  const rows = b.node('Flatten', ['image'], { axis: int(1) });
  const weights = [b.weight('weight', uniform(1, [10, 784])), b.weight('bias', uniform(2, [10]))];
  b.output(close(b, b.node('Gemm', [rows, ...weights], { transB: int(1) }, { outputs: ['scores'] })), 'result');
  await writeFile(folder.at(file), writeModel(b.build()));
  return folder.at(file);
}

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 200, test: 50 });
});

let count = 0;
/** Runs `rho score`, and expects that it refuses and writes nothing. */
async function expectNothing(words: readonly string[], exitCode: number, sentence: RegExp | string): Promise<void> {
  const out = folder.at(`out-${count++}`);
  expectRefusal(await rho('score', ...words, '--out', out), exitCode, sentence);
  expect(await filesIn(out)).toEqual([]);
}

const data = process.env.RHO_DATA;
describe.skipIf(!data)('models of the ONNX zoo (skipped unless RHO_DATA is set)', () => {
  const zoo = (name: string) => join(data!, 'onnx', name, 'model.onnx');
  const images = 1000;
  const mnist = ['--data', `idx:${folder.at('t10k')}`, '--split', 'all', '--threads', '1'];

  beforeAll(async () => {
    await mkdir(folder.at('t10k'));
    for (const [kind, header, size] of [
      ['images-idx3', 16, 784],
      ['labels-idx1', 8, 1],
    ] as const) {
      const packed = await readFile(join(data!, 'mnist', `t10k-${kind}-ubyte.gz`));
      const cut = gunzipSync(packed).subarray(0, header + size * images);
      cut.writeUInt32BE(images, 4);
      for (const part of ['train', 't10k']) await writeFile(folder.at('t10k', `${part}-${kind}-ubyte`), cut);
    }
  });

  test('MNIST by CNTK gives the logits of the reference, and finite losses of logits of thousands', async () => {
    const npy = await readFile(join(data!, 'onnx/mnist-cntk-opset8/t10k-logits-rows-0-999.npy'));
    const expected = new Float32Array(
      npy.buffer.slice(npy.byteOffset + npy.length - 4 * 10 * images, npy.byteOffset + npy.length) as ArrayBuffer,
    );
    const largest = Array.from({ length: images }, (_, row) =>
      Math.max(...expected.subarray(row * 10, row * 10 + 10).map(Math.abs)),
    );
    const { graph } = await readScoredModel(zoo('mnist-cntk-opset8'));
    const bytes = (await readFile(folder.at('t10k/t10k-images-idx3-ubyte'))).subarray(16);
    const input = { dtype: 'float32', dims: [images, 1, 28, 28], data: Float32Array.from(bytes) } as const;
    const logits = (await runGraph(graph, { Input3: input })).Plus214_Output_0!.data as Float32Array;
    logits.forEach((logit, i) => {
      expect(Math.abs(logit - expected[i]!) / largest[Math.floor(i / 10)]!).toBeLessThan(1e-5);
    });

    const out = folder.at('cntk');
    await rhoJson('score', ...mnist, '--model', zoo('mnist-cntk-opset8'), '--preprocessing', 'raw', '--out', out);
    const { manifest, readTable } = await openLossStore(out);
    const { loss, labels, predicted } = await readTable();
    expect(manifest.preprocessing).toEqual({ kind: 'none' });
    expect(manifest.statistics).toMatchObject({ nan: 0, infinite: 0 });
    expect(manifest.statistics.accuracy).toBeGreaterThan(0.98);
    let wrong = 0;
    for (let row = 0; row < images; row++) {
      const of = Array.from(expected.subarray(row * 10, row * 10 + 10));
      const top = Math.max(...of);
      const exact = Math.log(of.reduce((sum, logit) => sum + Math.exp(logit - top), 0)) + top - of[labels[row]!]!;
      expect(Math.abs(loss[row]! - exact) / largest[row]!).toBeLessThan(2e-5);
      if (predicted[row] !== of.indexOf(top)) wrong++;
    }
    expect(wrong).toBe(0);
    expect(Math.max(...loss)).toBeGreaterThan(100);
  });

  test('a model of opset 1 is refused, naming the oldest that runs', async () => {
    const sentence = `Cannot use "${zoo('mnist-cntk-opset1')}": it is written in ONNX opset 1, export it again with opset 17 (7 is the oldest that ONNX Runtime runs)`;
    await expectNothing([...mnist, '--model', zoo('mnist-cntk-opset1')], 3, sentence);
  });

  test('super-resolution is refused, as an image comes out', async () => {
    const sentence = /"output" is float32 \[batch_size, 1, 672, 672\], expected float32 logits \[batch, classes\]/;
    await expectNothing([...mnist, '--model', zoo('super-resolution-10')], 3, sentence);
  });
});

describe('which value holds the logits', () => {
  test('is told of a model that gives labels, and then it is scored as if these were its output', async () => {
    const model = await writeLinear('labels.onnx', (b, z) => b.node('ArgMax', [z], { axis: int(1), keepdims: int(0) }));
    await expectNothing([...digits, '--model', model], 3, /it gives the label of the best class .* --logits "scores"/);
    await expectNothing(
      [...digits, '--model', model, '--logits', 'score'],
      2,
      `Cannot find --logits "score" in "${model}": it computes no value of that name, expected one such as "scores"`,
    );
    const plain = await writeLinear('plain.onnx', (b, z) => b.node('Identity', [z]));
    const soft = await writeLinear('soft.onnx', (b, z) => b.node('Softmax', [z], { axis: int(1) }));
    const named = await rhoJson('score', ...digits, '--model', model, '--logits', 'scores', '--out', folder.at('a'));
    for (const [index, same] of [plain, soft].entries()) {
      const scored = await rhoJson('score', ...digits, '--model', same, '--out', folder.at(`same-${index}`));
      expect(scored.statistics).toEqual(named.statistics);
    }
  });

  test('inspect says, by the same rules', async () => {
    const model = folder.at('labels.onnx');
    const { stdout } = await rho('inspect', model);
    expect(stdout).toMatch(/^logits {6}scores$/m);
    expect(stdout).toMatch(/^scores {6}no: Cannot use ".*" as a classifier: it gives the label/m);
    const named = await rhoJson('inspect', model, '--logits', 'scores');
    expect([named.logits, named.unscorable]).toEqual(['scores', null]);
    expectRefusal(await rho('inspect', model, '--logits', 'none'), 2, 'Cannot find --logits "none"');
  });
});

describe('files that hold no model are refused', () => {
  test.each<[string, string | Uint8Array, string]>([
    [
      'a checkpoint of PyTorch',
      'PK\x03\x04archive/data.pkl',
      'it is a zip archive, as PyTorch writes a checkpoint: load it in Python and export it',
    ],
    ['a text', '# Not a model\n', 'it is not an ONNX model, expected an .onnx file with a graph'],
  ])('%s', async (_, content, sentence) => {
    const file = folder.at(`file-${count++}.onnx`);
    await writeFile(file, content);
    await expectNothing([...digits, '--model', file], 3, `Cannot read "${file}": ${sentence}`);
  });

  test('a model that was cut off', async () => {
    const whole = await readFile(await writeLinear('whole.onnx', (_, z) => z));
    const file = folder.at('cut.onnx');
    await writeFile(file, whole.subarray(0, whole.length / 2));
    await expectNothing([...digits, '--model', file], 3, 'it begins as an ONNX model but is cut off, damaged');
  });

  test('a model whose weights lie beside it in a file that is not there', async () => {
    const external = join(import.meta.dirname, '../parity/fixtures/foreign/external.onnx');
    const file = folder.at('external.onnx');
    await writeFile(file, await readFile(external));
    await expectNothing([...digits, '--model', file], 3, `Cannot read "${folder.at('external.bin')}": no such file`);
  });

  test('an operator that ONNX Runtime does not know', async () => {
    const b = new GraphBuilder('odd', { '': 17, 'com.example': 1 });
    b.input({ name: 'image', dtype: 'float32', dims: ['batch', 1, 28, 28] });
    b.addUntyped({
      name: 'odd',
      op: 'Guess',
      domain: 'com.example',
      inputs: ['image'],
      outputs: ['y'],
      attributes: {},
    });
    b.declareType('y', { dtype: 'float32', dims: ['batch', 10] });
    b.output('y');
    const file = folder.at('odd.onnx');
    await writeFile(file, writeModel(b.build()));
    const sentence =
      /^rho: Cannot use the model: ONNX Runtime does not load its graph \(.*com\.example.*Guess.*\); its file has to hold only operators of ONNX and of ONNX Runtime/;
    await expectNothing([...digits, '--model', file], 3, sentence);
  });
});

describe('--preprocessing', () => {
  const il = ['--il-epochs', '1', '--il-model', 'mlp:8'];
  const target = ['--model', 'mlp:8', '--big-batch', '50', '--small-batch', '5', '--steps', '2'];
  const given = ['--preprocessing', 'standardize:0.2/0.4'];
  const kept = { kind: 'standardize', scale: 1 / 255, mean: [0.2], std: [0.4] };

  test('stands in card, store and run, and is part of what each is checked for', async () => {
    const card = await rhoJson('il', ...digits, ...given, ...il, '--out', folder.at('il'));
    expect(card.preprocessing).toEqual(kept);
    expect(card.data.preprocessing).toBe('standardize:0.2/0.4');
    const model = folder.at('il/il.onnx');
    const store = folder.at('store');
    const found = '{"kind":"standardize","mean":[0.1307],"scale":0.00392156862745098,"std":[0.3081]}';
    const trained = '{"kind":"standardize","mean":[0.2],"scale":0.00392156862745098,"std":[0.4]}';
    const sentence = `Cannot score with the IL model "${model}": its card says that it was trained with the preprocessing ${trained}, these data have ${found}`;
    await expectNothing([...digits, '--model', model], 3, sentence);
    await rhoJson('score', ...digits, ...given, '--model', model, '--out', store);
    expect((await openLossStore(store)).manifest.preprocessing).toEqual(kept);

    const out = folder.at('run');
    const train = ['train', ...digits, ...target];
    const refused = await rho(...train, '--irreducible', model, '--out', folder.at('never'));
    expectRefusal(refused, 3, /preprocessing .*"mean":\[0\.2\].*"mean":\[0\.1307\]/);
    // A loss belongs to an example, whatever the target is fed with.
    await rhoJson(...train, '--irreducible', store, '--out', folder.at('otherwise'));
    await rhoJson(...train, ...given, '--irreducible', store, '--out', out);
    const config = JSON.parse(await readFile(join(out, 'config.json'), 'utf8'));
    expect(config.options.preprocessing).toBe('standardize:0.2/0.4');
  });

  test('is the usual one of the data where it is not given, in runs begun before it was there too', async () => {
    const out = folder.at('usual');
    await rhoJson('train', ...digits, ...target, '--strategy', 'uniform', '--out', out);
    await makeOld(out, (options) => {
      expect(options.preprocessing).toBe(null);
      delete options.preprocessing;
    });
    const { code, stderr } = await rho('train', '--resume', out);
    expect(code, stderr).toBe(0);
  });

  test('by a rule that is none, or of texts, is a usage error', async () => {
    const model = await writeLinear('any.onnx', (_, z) => z);
    const sentence = 'Cannot use --preprocessing "half": expected auto, raw, unit or standardize:MEAN,…/STD,…';
    await expectNothing([...digits, '--model', model, '--preprocessing', 'half'], 2, sentence);
    const texts = folder.at('texts');
    await mkdir(texts);
    for (const part of ['train', 'test'])
      await writeFile(join(texts, `${part}.tsv`), 'sentence\tlabel\ngood film\t1\nbad film\t0\n');
    await writeFile(join(texts, 'vocab.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\nfilm\n');
    await expectNothing(
      ['--data', `tsv:${texts}`, '--model', model, '--preprocessing', 'raw'],
      2,
      /Cannot use --preprocessing "raw": the data "tsv:.*" are texts/,
    );
  });
});

test('a model that knows more classes than the data have is said to', async () => {
  const few = folder.at('few');
  await writeDigits(few, { train: 60, test: 20 });
  for (const part of ['train', 't10k']) {
    const path = join(few, `${part}-labels-idx1-ubyte`);
    const bytes = await readFile(path);
    bytes.forEach((label, i) => {
      if (i >= 8) bytes[i] = label % 3;
    });
    await writeFile(path, bytes);
  }
  const model = await writeLinear('ten.onnx', (_, z) => z);
  const { code, stderr } = await rho('score', '--data', `idx:${few}`, '--model', model, '--out', folder.at('ten'));
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(`${model}: it knows 10 classes, the data have 3; losses are over all it knows`);
});

test('JSON beside a model is its card only if it says so', async () => {
  const model = await writeLinear('beside.onnx', (_, z) => z);
  const beside = folder.at('beside.json');
  await writeFile(beside, '{"architectures": ["Linear"]}');
  const { models } = await rhoJson('score', ...digits, '--model', model, '--out', folder.at('beside'));
  expect(models[0]).toMatchObject({ architecture: null, trainedOn: null });
  for (const content of ['{"format": "rho-loss-il-card", "version": 99}', '{"format": "rho-lo']) {
    await writeFile(beside, content);
    await expectNothing(
      [...digits, '--model', model],
      3,
      `Cannot read "${beside}": it is no card of an IL model in version 1`,
    );
  }
});
