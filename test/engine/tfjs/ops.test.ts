import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { float32, type Tensor } from '../../../src/core/tensor.ts';
import type { TfBackend } from '../../../src/engine/engine.ts';
import { loadBackend } from '../../../src/engine/tfjs/backends.ts';
import { compile } from '../../../src/engine/tfjs/interpreter.ts';
import { toTf } from '../../../src/engine/tfjs/tensors.ts';
import { differentiate } from '../../../src/onnx/autodiff.ts';
import { GraphBuilder } from '../../../src/onnx/builder.ts';
import { type Graph, int } from '../../../src/onnx/graph.ts';
import type { TfModule, TfTensor } from '../../../src/onnx/ops/execution.ts';
import { ops } from '../../../src/onnx/ops/index.ts';
import { elementTypeOf } from '../../../src/onnx/tensorProto.ts';
import { addCase, allCases, feedsOf, type OpCase, randomTensor, trainableCases } from '../../onnx/opCases.ts';
import { runGraph, type Tensors } from '../../onnx/runGraph.ts';

/** A Constant is known before the graph runs, and ScatterND stands in gradients alone, which TensorFlow.js finds itself. */
const notExecuted = ['Constant', 'ScatterND'];

const within = { rtol: 1e-4, atol: 1e-4 };

function graphOf(opCase: OpCase) {
  const builder = new GraphBuilder('case', { '': opCase.opset });
  const outputs = addCase(builder, opCase);
  for (const output of outputs) builder.output(output);
  return { builder, outputs };
}

/** What the case computes, and how sum(y r) over its first output, r fixed, depends on each input. */
async function byOnnx(opCase: OpCase, isTrained: boolean, r: (dims: readonly number[]) => Tensor) {
  const forward = graphOf(opCase).builder.build();
  const { builder, outputs } = graphOf(opCase);
  const feeds = feedsOf(opCase);
  const trained = isTrained ? Object.keys(feeds).filter((name) => feeds[name]!.dtype === 'float32') : [];
  if (trained.length > 0) {
    const y = outputs[0]!;
    const to = { to: int(elementTypeOf('float32')) };
    const single = builder.type(y).dtype === 'float32' ? y : builder.node('Cast', [y], to);
    const weighted = builder.node('Mul', [single, builder.constant(r(builder.dims(y)))]);
    const sum = builder.node('ReduceSum', [weighted], { keepdims: int(0) });
    for (const [name, gradient] of differentiate(builder, sum, trained)) builder.output(gradient, `by ${name}`);
  }
  return { forward, feeds, trained, results: await runGraph(builder.build(), feeds) };
}

/** The same in TensorFlow.js. */
function byTf(
  tf: TfModule,
  forward: Graph,
  feeds: Tensors,
  trained: readonly string[],
  r: (dims: readonly number[]) => Tensor,
) {
  const program = compile(tf, forward, 0);
  const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toTf(tf, tensor)]));
  const results = Object.fromEntries(
    Object.entries(program.run(given)).map(([name, tensor]) => [name, numbers(tensor)]),
  );
  if (trained.length === 0) return results;
  const sum = (...inputs: TfTensor[]) => {
    const moved = Object.fromEntries(trained.map((name, i) => [name, inputs[i]!]));
    const y = program.run({ ...given, ...moved })[forward.outputs[0]!.name]!;
    return tf.sum(tf.mul(y, toTf(tf, r(y.shape))));
  };
  const gradients = tf.grads(sum as never)(trained.map((name) => given[name]!));
  return { ...results, ...Object.fromEntries(trained.map((name, i) => [`by ${name}`, numbers(gradients[i]!)])) };
}

function numbers(tensor: TfTensor): Tensor {
  return float32(Float32Array.from(tensor.dataSync()), tensor.shape);
}

async function compareOn(tf: TfModule, opCase: OpCase, isTrained: boolean) {
  const r = (dims: readonly number[]) => randomTensor(7, dims);
  const { forward, feeds, trained, results } = await byOnnx(opCase, isTrained, r);
  const ours = byTf(tf, forward, feeds, trained, r);
  for (const [name, { dims, data }] of Object.entries(results)) {
    expect(ours[name]?.dims, name).toEqual(dims);
    expect(ours[name]!.data).toBeAllClose(Float32Array.from(data, Number), within);
  }
}

/** What TensorFlow.js refuses, by design. */
const refused = /with TensorFlow.js: (float16|int8|uint8|dilation) is not supported there, use --engine onnx$/;

test('every other operator is executed', () => {
  expect([...ops.values()].filter((op) => op.execute === undefined).map((op) => op.name)).toEqual(notExecuted);
});

describe.each<TfBackend>(['cpu', 'wasm'])('on %s the result and its gradient are those of ONNX Runtime', (backend) => {
  let tf: TfModule;
  beforeAll(async () => {
    tf = await loadBackend(backend);
  });

  for (const [name, cases] of Object.entries(allCases).filter(([name]) => name !== 'ScatterND'))
    test(name, async () => {
      for (const opCase of fc.sample(cases, { numRuns: 10, seed: 1 })) {
        tf.engine().startScope();
        try {
          await compareOn(tf, opCase, name in trainableCases && name !== 'Cast');
        } catch (error) {
          if (!refused.test((error as Error).message)) throw error;
        } finally {
          tf.engine().endScope();
        }
      }
    });
});
