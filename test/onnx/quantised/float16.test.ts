import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildArchitecture } from '../../../src/architectures/architecture.ts';
import { float32, type Tensor } from '../../../src/core/tensor.ts';
import { GraphBuilder } from '../../../src/onnx/builder.ts';
import { freeBatch } from '../../../src/onnx/freeBatch.ts';
import { float, type Graph, int } from '../../../src/onnx/graph.ts';
import { labelsInput } from '../../../src/onnx/lossHead.ts';
import { readModel } from '../../../src/onnx/model.ts';
import { fedInputs } from '../../../src/onnx/preprocess.ts';
import { float16Model } from '../../../src/onnx/quantised/float16.ts';
import { scoreGraphIn } from '../../../src/onnx/quantised/scoreGraphIn.ts';
import type { ScoreGraphOptions } from '../../../src/onnx/scoreGraph.ts';
import { uniform } from '../models.ts';
import { runGraph } from '../runGraph.ts';

/** A model of x, [batch, 4], whose nodes `write` adds. */
function modelOf(write: (b: GraphBuilder) => string): Graph {
  const b = new GraphBuilder('model');
  b.input({ name: 'x', dtype: 'float32', dims: ['batch', 4] });
  b.output(write(b), 'y');
  return b.build();
}

async function outputOf(model: Graph, x: Tensor): Promise<Tensor> {
  const [output] = Object.values(await runGraph(model, { x }));
  return output!;
}

const ops = (graph: Graph) => graph.nodes.map(({ op }) => op);

describe('a model in float16', () => {
  test('has its weights in float16, takes float32 and gives float32', async () => {
    const model = modelOf((b) => b.node('Gemm', ['x', b.weight('w', uniform(1, [4, 3]))]));
    const half = float16Model(model, { name: 'model' });
    expect([...half.weights.values()].map(({ dtype }) => dtype)).toEqual(['float16']);
    expect(half.inputs).toEqual(model.inputs);
    expect(half.outputs).toMatchObject([{ dtype: 'float32', dims: ['batch', 3] }]);
    const x = uniform(2, [5, 4]);
    const [plain, rough] = [await outputOf(model, x), await outputOf(half, x)];
    expect(rough.data).toBeAllClose(plain.data as Float32Array, { atol: 5e-3 });
    expect(rough.data).not.toEqual(plain.data);
  });

  test('limits what float16 cannot hold, as masks of attention are', async () => {
    const half = float16Model(
      modelOf((b) => b.node('Add', ['x', b.weight('mask', float32([0, -1e9, 1e9, 1]))])),
      { name: 'model' },
    );
    const { data } = await outputOf(half, float32([1, 1, 1, 1], [1, 4]));
    expect(data).toBeAllClose([1, -65504, 65504, 2], { rtol: 1e-3 });
  });

  test('keeps an epsilon that float16 would lose, and what squares and sums, in float32', async () => {
    // Layer normalisation as exporters took it apart before opset 17.
    const model = modelOf((b) => {
      const mean = b.node('ReduceMean', ['x'], { axes: { kind: 'ints', value: [-1] } });
      const centred = b.node('Sub', ['x', mean]);
      const squares = b.node('Pow', [centred, b.scalar(2)]);
      const variance = b.node('ReduceMean', [squares], { axes: { kind: 'ints', value: [-1] } });
      return b.node('Div', [centred, b.node('Sqrt', [b.node('Add', [variance, b.scalar(1e-12)])])]);
    });
    const x = float32([1, 1, 1, 1, 1000, -1000, 500, 0], [2, 4]);
    const { data } = await outputOf(float16Model(model, { name: 'model' }), x);
    expect(data).toBeAllClose((await outputOf(model, x)).data as Float32Array, { atol: 2e-3 });
  });

  test('keeps batch normalisation with a variance that float16 would lose in float32', () => {
    const normalised = (variance: number) =>
      ops(
        float16Model(
          modelOf((b) => {
            const weights = [1, 0, 0, variance].map((value, i) => b.weight(`w${i}`, float32(Array(4).fill(value))));
            return b.node('BatchNormalization', ['x', ...weights], { epsilon: float(1e-5) });
          }),
          { name: 'model' },
        ),
      );
    expect(normalised(1)).toEqual(['Cast', 'BatchNormalization', 'Cast']);
    expect(normalised(1e-6)).toEqual(['BatchNormalization']);
  });

  test('has no closing Softmax, which the loss would have to undo', () => {
    const model = modelOf((b) => b.node('Softmax', [b.node('Relu', ['x'])], { axis: int(1) }));
    expect(ops(float16Model(model, { name: 'model' }))).toEqual(['Cast', 'Relu', 'Cast']);
  });
});

describe('losses in fp16 are those in fp32 to a hundredth', () => {
  const tokens = { kind: 'tokens', tokenizer: 'none', vocabulary: 100, padding: 0 } as const;
  const images = { stored: [{ dtype: 'float32', dims: [3, 32, 32] }], preprocessing: { kind: 'none' } } as const;
  const texts = { stored: [{ dtype: 'int32', dims: [12] }], preprocessing: tokens } as const;
  test.each([
    ['cnn', images],
    ['resnet:16', images],
    ['transformer:1x64', texts],
  ] as const)('of %s', async (spec, { stored, preprocessing }) => {
    const [{ dtype, dims }] = stored;
    const model = buildArchitecture(spec, { inputDims: dims, classes: 10, seed: 1, preprocessing });
    const options = { name: spec, stored, preprocessing, outputs: ['loss'] } as const;
    const size = 4 * dims.reduce((product: number, dim) => product * dim, 1);
    const data =
      dtype === 'int32' ? Int32Array.from({ length: size }, (_, i) => (i * 7) % 100) : uniform(1, [size]).data;
    const losses = (await lossesOf(model, options, { dtype, dims: [4, ...dims], data } as Tensor, [0, 1, 2, 3])) as {
      fp32: Float32Array;
      fp16: Float32Array;
    };
    expect(losses.fp16).toBeAllClose(losses.fp32, { rtol: 1e-2 });
  });

  const folder = process.env.RHO_DATA;
  test.skipIf(!folder)('of the CNTK model, whose logits are thousands (skipped unless RHO_DATA is set)', async () => {
    const file = join(folder!, 'onnx/mnist-cntk-opset8/model.onnx');
    const model = freeBatch(readModel(new Uint8Array(await readFile(file)), file), file);
    const stored = [{ dtype: 'uint8', dims: [1, 28, 28] }] as const;
    const options = { name: 'cntk', stored, preprocessing: { kind: 'none' }, outputs: ['loss'] } as const;
    const data = Uint8Array.from({ length: 3 * 784 }, (_, i) => (i * 31) % 256);
    const { fp32, fp16 } = await lossesOf(model, options, { dtype: 'uint8', dims: [3, 1, 28, 28], data }, [1, 2, 3]);
    expect(fp16).toBeAllClose(fp32!, { rtol: 2e-2, atol: 1 });
  });
});

async function lossesOf(
  model: Graph,
  options: ScoreGraphOptions,
  examples: Tensor,
  labels: readonly number[],
): Promise<Record<string, Float32Array>> {
  const feeds = {
    [fedInputs(model, options)[0]!]: examples,
    [labelsInput]: { dtype: 'int32', dims: [labels.length], data: Int32Array.from(labels) } as const,
  };
  const losses: Record<string, Float32Array> = {};
  for (const precision of ['fp32', 'fp16'] as const)
    losses[precision] = (await runGraph(scoreGraphIn(precision, model, options), feeds)).loss!.data as Float32Array;
  return losses;
}

test('an operator that nothing here knows is refused with what to do', () => {
  const model = modelOf((b) => b.node('Relu', ['x']));
  const nodes = [{ ...model.nodes[0]!, op: 'Selu' }];
  expect(() => float16Model({ ...model, nodes }, { name: 'mine.onnx' })).toThrow(
    /^Cannot score "mine.onnx" in fp16: nothing is known here of the types of Selu \(node ".*"\); pass --precision fp32$/,
  );
});

test('takes the logits that are named', () => {
  const model = modelOf((b) => {
    const aux = b.node('Identity', ['x'], {}, { outputs: ['aux'] });
    return b.node('Relu', [aux]);
  });
  expect(float16Model(model, { name: 'm', logits: 'aux' }).nodes.map(({ op }) => op)).not.toContain('Relu');
});
