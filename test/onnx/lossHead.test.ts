import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float32 } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { appendLossHead, type ExampleOutput, labelsInput, writeExampleOutputs } from '../../src/onnx/lossHead.ts';
import { runGraph } from './runGraph.ts';

const all: readonly ExampleOutput[] = ['loss', 'predicted', 'margin', 'gradientNorm'];

/** What the loss head says of each row of logits. */
async function judge(logits: readonly (readonly number[])[], labels: readonly number[], wanted = all, opset = 17) {
  const builder = new GraphBuilder('head', { '': opset });
  builder.input({ name: 'logits', dtype: 'float32', dims: ['batch', logits[0]!.length] });
  writeExampleOutputs(builder, appendLossHead(builder, 'logits'), wanted);
  const results = await runGraph(builder.build(), {
    logits: float32(logits.flat(), [logits.length, logits[0]!.length]),
    [labelsInput]: { dtype: 'int32', dims: [labels.length], data: Int32Array.from(labels) },
  });
  expect(Object.keys(results)).toEqual(wanted);
  for (const { dims } of Object.values(results)) expect(dims).toEqual([labels.length]);
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)]));
}

// exp(2), exp(1) and exp(0) are 7.389056, 2.718282 and 1, together 11.107338: probabilities .665241, .244728, .090031.
test('loss, prediction, margin and gradient norm are those worked out by hand', async () => {
  const rows = [0, 1, 2].map(() => [2, 1, 0]);
  const { loss, predicted, margin, gradientNorm } = await judge(rows, [0, 1, 2]);
  expect(loss!).toBeAllClose([0.4076059, 1.4076059, 2.4076059]);
  expect(predicted).toEqual([0, 0, 0]);
  expect(margin!).toBeAllClose([0.665241 - 0.244728, 0.244728 - 0.665241, 0.090031 - 0.665241], { atol: 2e-6 });
  // √((p₀ - 1)² + p₁² + p₂²) and so on.
  expect(gradientNorm!).toBeAllClose([0.424336, 1.010488, 1.153465], { atol: 2e-6 });
});

test('equal logits have the loss log(classes), and the margin 0', async () => {
  const scores = await judge([[0, 0, 0, 0]], [2]);
  expect(scores.loss!).toBeAllClose([Math.log(4)]);
  expect(scores.margin).toEqual([0]);
  expect(scores.gradientNorm!).toBeAllClose([Math.sqrt(0.75 ** 2 + 3 * 0.25 ** 2)]);
});

test('adding a number to all logits of an example changes nothing', async () => {
  const plain = await judge([[2, 1, 0]], [1]);
  const moved = await judge([[1026, 1025, 1024]], [1]);
  for (const output of all) expect(moved[output]!).toBeAllClose(plain[output]!);
});

test('huge logits stay finite and exact', async () => {
  const row = [9000, -9000, 0];
  const { loss, predicted, margin, gradientNorm } = await judge([row, row, row, [-9000, -9000, -9000]], [0, 1, 2, 1]);
  expect(loss!.slice(0, 3).map(Math.abs)).toEqual([0, 18000, 9000]);
  expect(loss![3]).toBeCloseTo(Math.log(3), 3);
  expect(predicted).toEqual([0, 0, 0, 0]);
  expect(margin!).toBeAllClose([1, -1, -1, 0]);
  expect(gradientNorm!).toBeAllClose([0, Math.SQRT2, Math.SQRT2, Math.sqrt(2 / 3)]);
});

test('of equal logits the first is predicted', async () => {
  const rows = [
    [1, 5, 5, 0],
    [3, 3, 3, 3],
    [0, 1, 2, 2],
    [-9000, -9000, -9000, -9001],
  ];
  expect((await judge(rows, [0, 0, 0, 0])).predicted).toEqual([1, 0, 2, 0]);
});

test('the margin is positive where the label is predicted, and negative where another class is', async () => {
  const row = fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(row, fc.nat(2), async (logits, label) => {
      const { margin, predicted, gradientNorm } = await judge([logits], [label]);
      const others = logits.filter((_, index) => index !== label);
      expect(Math.sign(Math.round(margin![0]! * 1e6))).toBe(Math.sign(logits[label]! - Math.max(...others)));
      expect(predicted![0]).toBe(logits.indexOf(Math.max(...logits)));
      expect(gradientNorm![0]).toBeLessThanOrEqual(Math.SQRT2 + 1e-6);
    }),
    { numRuns: 60 },
  );
});

test('two classes have a margin too', async () => {
  // 1 / (1 + e^-2) is .880797.
  expect((await judge([[2, 0]], [1])).margin!).toBeAllClose([1 - 2 * 0.880797], { atol: 2e-6 });
});

test('only what was asked for is computed', async () => {
  expect(Object.keys(await judge([[1, 2]], [0], ['predicted']))).toEqual(['predicted']);
});

describe('the head runs in every operator set that models come in', () => {
  test.each([13, 17, 18, 20, 22])('opset %i', async (opset) => {
    const { loss, margin } = await judge([[2, 1, 0]], [0], all, opset);
    expect(loss!).toBeAllClose([0.4076059]);
    expect(margin!).toBeAllClose([0.420513], { atol: 2e-6 });
  });
});
