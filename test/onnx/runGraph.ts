import * as ort from 'onnxruntime-node';
import type { Dtype, Tensor, TensorData } from '../../src/core/tensor.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { writeModel } from '../../src/onnx/model.ts';

export type Tensors = Readonly<Record<string, Tensor>>;

/** A graph in ONNX Runtime, on one thread of the CPU of this process. */
export interface OpenGraph {
  run(feeds: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

/** Writes `graph` as an .onnx file and loads that. ONNX Runtime's rewriting is off, so that every node runs as it stands. */
export async function openGraph(graph: Graph): Promise<OpenGraph> {
  const session = await ort.InferenceSession.create(writeModel(graph), {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  return {
    async run(feeds) {
      const results = await session.run(mapValues(feeds, toOrt));
      return mapValues(results, (tensor) => ({
        dtype: tensor.type as Dtype,
        dims: tensor.dims,
        data: tensor.data as TensorData,
      }));
    },
    release: () => session.release(),
  };
}

/** The outputs of `graph` for these inputs. */
export async function runGraph(graph: Graph, feeds: Tensors): Promise<Tensors> {
  const open = await openGraph(graph);
  return open.run(feeds).finally(() => open.release());
}

function toOrt({ dtype, dims, data }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype as 'float32', data as Float32Array, dims);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
