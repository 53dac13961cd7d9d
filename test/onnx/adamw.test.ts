import { describe, expect, test } from 'vitest';
import { float32 } from '../../src/core/tensor.ts';
import { type AdamwOptions, adamw, adamwDefaults } from '../../src/onnx/adamw.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { runGraph } from './runGraph.ts';

/** The optimiser's options and the learning rate of the step. */
type RatedOptions = AdamwOptions & { readonly learningRate: number };

interface State {
  readonly parameter: readonly number[];
  /** As PyTorch keeps them. */
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** One update by the graph that writeAdamw makes; its moments are kept divided by 1 - beta. */
async function update(state: State, gradient: readonly number[], step: number, options: RatedOptions): Promise<State> {
  const [beta1, beta2] = options.betas;
  const builder = new GraphBuilder('adamw');
  const dims = [gradient.length];
  for (const name of ['p', 'g', 'm', 'v']) builder.input({ name, dtype: 'float32', dims });
  const optimizer = adamw(options);
  const scalars = Object.entries(optimizer.scalarsAt(step, options.learningRate));
  for (const [name] of scalars) builder.input({ name, dtype: 'float32', dims: [] });
  const next = optimizer.write(builder, { parameter: 'p', state: ['m', 'v'] }, 'g', options.weightDecay > 0);
  builder.output(next.parameter, 'parameter');
  builder.output(next.state[0]!, 'first');
  builder.output(next.state[1]!, 'second');
  const { parameter, first, second } = await runGraph(builder.build(), {
    p: float32(state.parameter),
    g: float32(gradient),
    m: float32(state.first.map((value) => value / (1 - beta1))),
    v: float32(state.second.map((value) => value / (1 - beta2))),
    ...Object.fromEntries(scalars.map(([name, value]) => [name, float32([value], [])])),
  });
  return {
    parameter: Array.from(parameter!.data, Number),
    first: Array.from(first!.data, Number).map((value) => value * (1 - beta1)),
    second: Array.from(second!.data, Number).map((value) => value * (1 - beta2)),
  };
}

/** AdamW as in algorithm 2 of Loshchilov and Hutter, in float64. */
function reference(state: State, gradient: readonly number[], step: number, options: RatedOptions): State {
  const [beta1, beta2] = options.betas;
  const first = state.first.map((m, i) => beta1 * m + (1 - beta1) * gradient[i]!);
  const second = state.second.map((v, i) => beta2 * v + (1 - beta2) * gradient[i]! ** 2);
  const parameter = state.parameter.map((p, i) => {
    const firstHat = first[i]! / (1 - beta1 ** step);
    const secondHat = second[i]! / (1 - beta2 ** step);
    const adam = (options.learningRate * firstHat) / (Math.sqrt(secondHat) + options.epsilon);
    return p - options.learningRate * options.weightDecay * p - adam;
  });
  return { parameter, first, second };
}

const zero: State = { parameter: [0, 0, 0], first: [0, 0, 0], second: [0, 0, 0] };

test('the defaults are those of PyTorch', () => {
  expect(adamwDefaults).toMatchObject({ kind: 'adamw', weightDecay: 0.01, betas: [0.9, 0.999], epsilon: 1e-8 });
  expect(adamwDefaults).toMatchObject({ decayAll: true, clipNorm: null });
});

test('the first step goes by the learning rate against the sign of the gradient', async () => {
  const { parameter, first, second } = await update(zero, [4, -0.001, 0], 1, { ...adamwDefaults, learningRate: 0.5 });
  expect(parameter).toBeAllClose([-0.5, 0.5, 0], { rtol: 2e-5 });
  expect(first).toBeAllClose([0.4, -0.0001, 0]);
  expect(second).toBeAllClose([0.016, 1e-9, 0], { atol: 1e-12 });
});

test('two steps by hand', async () => {
  // m = .1, then .09 + .2 = .29; v = .001, then .000999 + .004 = .004999. Both corrected by 1 - β²: .29 / .19 = 1.526316 and
  // .004999 / .001999 = 2.500750, whose root is 1.581376. The steps are 1 and 1.526316 / 1.581376 = .965182 times .1.
  const options = { ...adamwDefaults, learningRate: 0.1, weightDecay: 0 };
  const start: State = { parameter: [1], first: [0], second: [0] };
  const one = await update(start, [1], 1, options);
  expect(one.parameter).toBeAllClose([0.9]);
  const two = await update(one, [2], 2, options);
  expect(two.first).toBeAllClose([0.29]);
  expect(two.second).toBeAllClose([0.004999]);
  expect(two.parameter).toBeAllClose([0.9 - 0.0965182]);
});

describe('the bias of the moments is corrected', () => {
  const state: State = { parameter: [1, -2, 0.5], first: [0.3, -1e-4, 2], second: [0.25, 1e-7, 9] };
  const gradient = [0.5, -1e-3, -4];

  test.each([1, 2, 3, 10, 1000, 1_000_000])('at step %i', async (step) => {
    const options: RatedOptions = {
      ...adamwDefaults,
      ...{ learningRate: 0.01, weightDecay: 0.1, betas: [0.8, 0.99], epsilon: 1e-6 },
    };
    for (const of of [options, { ...adamwDefaults, learningRate: 1e-3 }]) {
      const expected = reference(state, gradient, step, of);
      const found = await update(state, gradient, step, of);
      // What the step adds to the parameter, to the rounding of the parameter itself.
      const change = (to: State) => to.parameter.map((value, i) => value - state.parameter[i]!);
      expect(change(found)).toBeAllClose(change(expected), { rtol: 1e-5, atol: 3e-7 });
      expect(found.first).toBeAllClose(expected.first);
      expect(found.second).toBeAllClose(expected.second, { atol: 1e-12 });
    }
  });
});

describe('weight decay is decoupled', () => {
  const state: State = { parameter: [1, -2, 8], first: [0, 0, 0], second: [0, 0, 0] };

  test('it shrinks a weight without a gradient, and leaves its moments alone', async () => {
    const found = await update(state, [0, 0, 0], 1, { ...adamwDefaults, learningRate: 0.5, weightDecay: 0.5 });
    expect(found).toEqual({ parameter: [0.75, -1.5, 6], first: [0, 0, 0], second: [0, 0, 0] });
  });

  test('it adds to the step and does not change it', async () => {
    const options = { ...adamwDefaults, learningRate: 0.125 };
    const plain = await update(state, [1, 2, -1], 1, { ...options, weightDecay: 0 });
    const decayed = await update(state, [1, 2, -1], 1, { ...options, weightDecay: 0.25 });
    expect(decayed.parameter).toBeAllClose(plain.parameter.map((value, i) => value - state.parameter[i]! / 32));
    expect(decayed.first).toEqual(plain.first);
  });
});

test('epsilon bounds the step of a vanishing gradient', async () => {
  const found = await update(zero, [1e-8, 1e-10, 0], 1, { ...adamwDefaults, learningRate: 1e-3 });
  expect(found.parameter).toBeAllClose([-1e-3 / 2, -1e-3 / 101, 0], { rtol: 1e-4, atol: 1e-12 });
});
