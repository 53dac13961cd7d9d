import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selectTop } from '../../src/core/selection.ts';
import { float32 } from '../../src/core/tensor.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { labelsInput } from '../../src/onnx/lossHead.ts';
import { chosenOutput, irreducibleInput, ofCandidates, selectStep } from '../../src/onnx/selectStep.ts';
import { type OpenGraph, openGraph } from './runGraph.ts';

const bigBatch = 12;
const smallBatch = 5;

/** A graph whose loss is what it is fed, times the weight `w`. */
function told(name: string, batch: number | string, more: (b: GraphBuilder, loss: string) => void = () => {}): Graph {
  const b = new GraphBuilder(name);
  b.input({ name: 'x', dtype: 'float32', dims: [batch, 1] });
  b.input({ name: labelsInput, dtype: 'int32', dims: [batch] });
  b.input({ name: 'w', dtype: 'float32', dims: [] });
  const flat = b.node('Reshape', ['x', b.int64([-1])]);
  const loss = b.node('Mul', [flat, 'w']);
  b.output(loss, 'loss');
  more(b, loss);
  return b.build();
}

const options = { name: 'm.onnx', bigBatch, smallBatch, inputs: ['x'], outputs: ['loss'] as const };
const step = told('step', smallBatch, (b, loss) => {
  b.output(b.node('Neg', [loss]), 'w/next');
  b.output(b.node('Identity', [labelsInput]), 'labels');
});

function joined(examplesPerRun = bigBatch): Graph {
  return selectStep(told('score', 'batch'), step, { ...options, examplesPerRun });
}

const open = new Map<string, OpenGraph>();
beforeAll(async () => {
  for (const [name, perRun] of [
    ['one run', bigBatch],
    ['three runs, the last shorter', 5],
  ] as const)
    open.set(name, await openGraph(joined(perRun)));
});
afterAll(async () => {
  for (const graph of open.values()) await graph.release();
});

async function run(name: string, losses: ArrayLike<number>, irreducible: ArrayLike<number>, weight = 1) {
  const results = await open.get(name)!.run({
    [ofCandidates('x')]: float32(losses, [bigBatch, 1]),
    [ofCandidates(labelsInput)]: {
      dtype: 'int32',
      dims: [bigBatch],
      data: Int32Array.from({ length: bigBatch }, (_, i) => 10 * i),
    },
    [irreducibleInput]: float32(irreducible),
    w: float32([weight], []),
  });
  const numbers = (output: string) => Array.from(results[output]!.data, Number);
  return {
    scored: numbers(ofCandidates('loss')),
    chosen: numbers(chosenOutput),
    loss: numbers('loss'),
    next: numbers('w/next'),
    labels: numbers('labels'),
  };
}

describe.each(['one run', 'three runs, the last shorter'])('a select step that scores in %s', (name) => {
  test('takes the candidates with the highest reducible loss, best first, and steps on them', async () => {
    const losses = [1, 9, 2, 8, 3, 7, 4, 6, 5, 0.5, 0.25, 0.125];
    const irreducible = [0, 9, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
    expect(await run(name, losses, irreducible, 2)).toEqual({
      scored: losses.map((loss) => 2 * loss),
      // Reducible: 2, 9, 4, 15, 6, 8, 8, 12, 10, 1, 0.5, 0.25.
      chosen: [3, 7, 8, 1, 5],
      loss: [16, 12, 10, 18, 14],
      next: [-16, -12, -10, -18, -14],
      labels: [30, 70, 80, 10, 50],
    });
  });

  test('chooses as selectTop does among equal, infinite and missing numbers', async () => {
    const few = fc.constantFrom(
      0,
      -0,
      1,
      2,
      Number.NaN,
      Infinity,
      -Infinity,
      3.4028234663852886e38,
      -3.4028234663852886e38,
    );
    const number = fc.oneof({ weight: 3, arbitrary: few }, { weight: 1, arbitrary: fc.float() });
    const many = fc.array(number, { minLength: bigBatch, maxLength: bigBatch });
    await fc.assert(
      fc.asyncProperty(many, many, async (losses, irreducible) => {
        const scores = Float32Array.from(losses, (loss, i) => loss - irreducible[i]!);
        const ids = Uint32Array.from({ length: bigBatch }, (_, i) => 100 + 3 * i);
        fc.pre(scores.filter((score) => !Number.isNaN(score)).length >= smallBatch);
        const { chosen } = await run(name, losses, irreducible);
        expect(chosen).toEqual([...selectTop(scores, ids, smallBatch).chosen]);
      }),
      { numRuns: 2000 },
    );
  });
});

test('weights are inputs once, constants that differ are kept apart, those of the model are shared', () => {
  const frozen = float32([3]);
  const withFrozen = (graph: Graph): Graph => ({ ...graph, weights: new Map([...graph.weights, ['frozen', frozen]]) });
  const graph = selectStep(withFrozen(told('score', 'batch')), withFrozen(step), options);
  expect(graph.inputs.map(({ name, dims }) => [name, dims])).toEqual([
    [ofCandidates('x'), [bigBatch, 1]],
    [ofCandidates(labelsInput), [bigBatch]],
    ['w', []],
    [irreducibleInput, [bigBatch]],
  ]);
  expect([...graph.weights].filter(([, { data }]) => data === frozen.data).map(([name]) => name)).toEqual(['frozen']);
  const made = graph.nodes.flatMap(({ outputs }) => outputs);
  expect(new Set(made).size).toBe(made.length);
});

test('a model that its file fixes to batches is scored in those, and refused where candidates do not divide into them', () => {
  const fixed = told('score', 4);
  const sizes = selectStep(fixed, step, { ...options, examplesPerRun: 12 }).weights.get(`${ofCandidates('x')}/sizes`);
  expect(Array.from(sizes!.data, Number)).toEqual([4, 4, 4]);
  expect(() => selectStep(told('score', 7), step, options)).toThrow(
    'Cannot choose among 12 candidates inside the step of "m.onnx": its file fixes batches of 7, expected a multiple of that',
  );
});
