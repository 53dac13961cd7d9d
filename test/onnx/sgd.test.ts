import { describe, expect, test } from 'vitest';
import { float32, type Tensor } from '../../src/core/tensor.ts';
import { adamwDefaults } from '../../src/onnx/adamw.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { clipGradients } from '../../src/onnx/clipGradients.ts';
import { decays, type OptimizerOptions, optimizerOf } from '../../src/onnx/optimizer.ts';
import { type SgdOptions, sgd, sgdDefaults } from '../../src/onnx/sgd.ts';
import { runGraph } from './runGraph.ts';

async function update(
  options: SgdOptions,
  values: { p: number; v: number; g: number },
  rate: number,
  decays = true,
): Promise<{ p: number; v: number | undefined }> {
  const b = new GraphBuilder('sgd');
  for (const name of ['p', 'g', 'v']) b.input({ name, dtype: 'float32', dims: [1] });
  const optimizer = sgd(options);
  const scalars = Object.entries(optimizer.scalarsAt(1, rate));
  for (const [name] of scalars) b.input({ name, dtype: 'float32', dims: [] });
  const state = optimizer.stateNames('p').map(() => 'v');
  const next = optimizer.write(b, { parameter: 'p', state }, 'g', decays && options.weightDecay > 0);
  b.output(next.parameter, 'next');
  if (next.state[0] !== undefined) b.output(next.state[0], 'velocity');
  const fed = Object.fromEntries(scalars.map(([name, value]) => [name, float32([value], [])]));
  const results = await runGraph(b.build(), {
    p: float32([values.p]),
    v: float32([values.v]),
    g: float32([values.g]),
    ...fed,
  });
  const numberOf = (tensor: Tensor | undefined) => (tensor === undefined ? undefined : Number(tensor.data[0]));
  return { p: numberOf(results.next)!, v: numberOf(results.velocity) };
}

describe('SGD', () => {
  test('two steps with momentum by hand', async () => {
    const first = await update(sgdDefaults, { p: 1, v: 0, g: 2 }, 0.1);
    // v = 2, p = 1 - .2; then v = 1.8 + 1 = 2.8, p = .8 - .28.
    expect([first.p, first.v]).toBeAllClose([0.8, 2]);
    const second = await update(sgdDefaults, { p: first.p, v: first.v!, g: 1 }, 0.1);
    expect([second.p, second.v]).toBeAllClose([0.52, 2.8]);
  });

  test('without momentum it keeps nothing', async () => {
    const plain = { ...sgdDefaults, momentum: 0 };
    expect(sgd(plain).stateNames('p')).toEqual([]);
    expect(await update(plain, { p: 1, v: 7, g: 2 }, 0.25)).toEqual({ p: 0.5, v: undefined });
  });

  test('weight decay joins the gradient, as in PyTorch, where it applies', async () => {
    const decayed = { ...sgdDefaults, weightDecay: 0.5 };
    // g + .5 p = 1 + 1.
    expect((await update(decayed, { p: 2, v: 0, g: 1 }, 0.25)).p).toBe(1.5);
    expect((await update(decayed, { p: 2, v: 0, g: 1 }, 0.25, false)).p).toBe(1.75);
  });
});

test.each([
  [adamwDefaults, [2, 3], true],
  [adamwDefaults, [3], true],
  [{ ...adamwDefaults, decayAll: false }, [2, 3], true],
  [{ ...adamwDefaults, decayAll: false }, [3], false],
  [sgdDefaults, [2, 3], false],
] as const)('weight decay of %o applies to a parameter of shape %o: %o', (options, dims, expected) => {
  expect(decays(options, dims)).toBe(expected);
});

test('a parameter without decay moves by AdamW all the same', async () => {
  const b = new GraphBuilder('adamw');
  for (const name of ['p', 'g', 'm', 'v']) b.input({ name, dtype: 'float32', dims: [1] });
  const options: OptimizerOptions = { ...adamwDefaults, weightDecay: 0.5 };
  const optimizer = optimizerOf(options);
  const scalars = Object.entries(optimizer.scalarsAt(1, 0.25));
  for (const [name] of scalars) b.input({ name, dtype: 'float32', dims: [] });
  const values = { parameter: 'p', state: ['m', 'v'] };
  b.output(optimizer.write(b, values, 'g', true).parameter, 'decayed');
  b.output(optimizer.write(b, values, 'g', false).parameter, 'kept');
  const fed = Object.fromEntries(scalars.map(([name, value]) => [name, float32([value], [])]));
  const zero = float32([0]);
  const { decayed, kept } = await runGraph(b.build(), { p: float32([2]), g: float32([3]), m: zero, v: zero, ...fed });
  // The first step of AdamW is the rate itself; decay takes .25 · .5 of 2 besides.
  expect([decayed!.data[0], kept!.data[0]]).toBeAllClose([1.5, 1.75]);
});

describe('clipping', () => {
  async function clipped(most: number, gradients: Readonly<Record<string, readonly number[]>>): Promise<number[][]> {
    const b = new GraphBuilder('clip');
    for (const [name, values] of Object.entries(gradients)) b.input({ name, dtype: 'float32', dims: [values.length] });
    const names = Object.keys(gradients);
    for (const [name, value] of clipGradients(b, new Map(names.map((name) => [name, name])), most))
      b.output(value, `${name}/clipped`);
    const fed = Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, float32(values)]));
    const results = await runGraph(b.build(), fed);
    return names.map((name) => Array.from(results[`${name}/clipped`]!.data, Number));
  }

  test('gradients whose norm over all is too great shrink to it together', async () => {
    // ‖(3, 0, 4)‖ = 5.
    const [a, c] = await clipped(1, { a: [3, 0], c: [4] });
    expect([...a!, ...c!]).toBeAllClose([0.6, 0, 0.8], { rtol: 1e-5 });
  });

  test('smaller ones are left alone, zeros too', async () => {
    expect(await clipped(6, { a: [3, 0], c: [4] })).toEqual([[3, 0], [4]]);
    expect(await clipped(1, { a: [0, 0] })).toEqual([[0, 0]]);
  });
});
