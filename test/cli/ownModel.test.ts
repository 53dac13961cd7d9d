import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { float32, type Tensor } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { int } from '../../src/onnx/graph.ts';
import { readModel, writeModel } from '../../src/onnx/model.ts';
import { uniform } from '../onnx/models.ts';
import { expectRefusal, rho, sharedFolder, writeDigits } from './rho.ts';

// A model as an exporter leaves it: in training mode, for batches of 2.

const folder = await sharedFolder();
const model = folder.at('own.onnx');
const train = [
  ...['train', '--data', `idx:${folder.at('digits')}`, '--strategy', 'uniform', '--model', model, '--threads', '1'],
  ...['--big-batch', '20', '--small-batch', '5', '--steps', '3'],
];

const on: Tensor = { dtype: 'bool', dims: [], data: Uint8Array.of(1) };

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 200, test: 50 });
  const builder = new GraphBuilder('own');
  builder.input({ name: 'image', dtype: 'float32', dims: [2, 1, 28, 28] });
  const conv = builder.node('Conv', ['image', builder.weight('conv.weight', uniform(1, [4, 1, 5, 5]))], {
    strides: { kind: 'ints', value: [4, 4] },
  });
  const ones = ['weight', 'bias', 'running_mean', 'running_var'].map((name) =>
    builder.weight(`bn.${name}`, float32([1, 1, 1, 1])),
  );
  const attributes = { training_mode: int(1) };
  builder.add({
    ...{ name: 'bn', op: 'BatchNormalization', domain: '', inputs: [conv, ...ones], attributes },
    outputs: ['normal', 'mean', 'variance'],
  });
  const rows = builder.node('Reshape', ['normal', builder.int64([2, -1])]);
  const kept = builder.node('Dropout', [rows, builder.scalar(0.5), builder.constant(on)]);
  const weights = [builder.weight('fc.weight', uniform(2, [10, 144])), builder.weight('fc.bias', uniform(3, [10]))];
  builder.output(builder.node('Gemm', [kept, ...weights], { transB: int(1) }), 'scores');
  await writeFile(model, writeModel(builder.build()));
});

test('it is trained without change, leaves out what is frozen, and is kept in eval form', async () => {
  const out = folder.at('run');
  const { code, stderr } = await rho(...train, '--freeze', 'conv.*,bn.bias', '--out', out);
  expect(code, stderr).toBe(0);
  const before = readModel(await readFile(model), model);
  const after = readModel(await readFile(`${out}/target.onnx`), 'target.onnx');
  expect(after.inputs).toEqual(before.inputs);
  expect(after.outputs).toEqual(before.outputs);
  expect([...after.weights.keys()]).toEqual([...before.weights.keys()]);
  const changed = [...after.weights].filter(([name, { data }]) => `${data}` !== `${before.weights.get(name)!.data}`);
  expect(changed.map(([name]) => name)).toEqual([
    'bn.weight',
    'bn.running_mean',
    'bn.running_var',
    'fc.weight',
    'fc.bias',
  ]);
  expect(
    after.nodes.map(({ op, outputs, attributes }) => [op, outputs.length, Object.keys(attributes)]),
  ).toContainEqual(['BatchNormalization', 1, []]);
  expect(after.nodes.find(({ op }) => op === 'Dropout')!.inputs).toHaveLength(2);
  expect(JSON.parse(await readFile(`${out}/config.json`, 'utf8')).options).toMatchObject({
    freeze: ['conv.*', 'bn.bias'],
  });
});

test('inspect lists what is trained, and why the rest is not', async () => {
  const { stdout } = await rho('inspect', model);
  expect(stdout).toContain(
    'trainable   conv.weight [4, 1, 5, 5], bn.weight [4], bn.bias [4], fc.weight [10, 144], fc.bias [10]',
  );
  expect(stdout).toContain('frozen      a running average: bn.running_mean [4], bn.running_var [4]');
  expect(stdout).toMatch(/^trains {6}yes$/m);
  expect(stdout).not.toContain('note');
});

test('a pattern that fits no weight is refused, and the weights are named', async () => {
  const refused = await rho(...train, '--freeze', 'conv1.*', '--out', folder.at('none'));
  expectRefusal(
    refused,
    2,
    'Cannot freeze "conv1.*": no trainable weight is called so, expected names among conv.weight',
  );
});
