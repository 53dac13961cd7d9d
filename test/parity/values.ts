import type { Batch } from '../../src/core/batch.ts';
import { elementCount, float32, type Tensor } from '../../src/core/tensor.ts';
import type { Graph } from '../../src/onnx/graph.ts';

// What tools/makeExportFixtures.py trains on and begins with, number for number.

export const steps = 10;
export const batchSize = 8;
export const classes = 4;
export const vocabulary = 40;
export const length = 12;

/** A tensor of float32. */
interface FloatTensor extends Tensor {
  readonly data: Float32Array;
}

function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Numbers from -1 to 1 that follow from a name. */
export function values(name: string, dims: readonly number[]): FloatTensor {
  const seed = hashText(name);
  const data = Float32Array.from({ length: elementCount(dims) }, (_, i) => {
    let x = (Math.imul(i, 0x9e3779b9) + seed) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
  return { dtype: 'float32', dims, data };
}

/** The initial value of a weight: by fan-in; near 1 for scales and near 0 for biases. */
function initial(name: string, dims: readonly number[]): Tensor {
  const { data } = values(name, dims);
  const change = (to: (value: number) => number) => float32(data.map(to), dims);
  if (name.endsWith('running_mean')) return change(() => 0);
  if (name.endsWith('running_var')) return change(() => 1);
  if (dims.length === 1)
    return change((value) => Math.fround(value * Math.fround(0.1)) + (name.endsWith('weight') ? 1 : 0));
  const scale = Math.fround(1 / Math.sqrt(elementCount(dims.slice(1))));
  return change((value) => value * scale);
}

/** A built-in architecture with these initial values. */
export function withInitialValues(graph: Graph): Graph {
  const weights = [...graph.weights].map(([name, tensor]) =>
    /\.(weight|bias|running_mean|running_var)$/.test(name)
      ? ([name, initial(name, tensor.dims)] as const)
      : ([name, tensor] as const),
  );
  return { ...graph, weights: new Map(weights) };
}

/** Whole numbers from 0 to `limit - 1` that follow from a name. */
function wholes(name: string, dims: readonly number[], limit: number): Int32Array {
  // Rounded to float32 at each step, as PyTorch computes them.
  return Int32Array.from(values(name, dims).data, (value) =>
    Math.floor(Math.fround(Math.fround(Math.fround(value + 1) / 2) * limit)),
  );
}

export function labelsOf(step: number): Int32Array {
  return wholes(`labels ${step}`, [batchSize], classes);
}

/** A batch of numbers, each example of shape `dims`. */
export function numbersOf(step: number, dims: readonly number[]): Batch {
  return { inputs: [values(`inputs ${step}`, [batchSize, ...dims])], labels: labelsOf(step) };
}

/** A batch of texts, filled up with 0. */
export function tokensOf(step: number): Batch {
  const ids = wholes(`ids ${step}`, [batchSize, length], vocabulary - 1).map((id) => id + 1);
  wholes(`lengths ${step}`, [batchSize], length - 3).forEach((size, i) => {
    ids.fill(0, i * length + size + 4, (i + 1) * length);
  });
  return { inputs: [{ dtype: 'int32', dims: [batchSize, length], data: ids }], labels: labelsOf(step) };
}

/** The same model with dropout off, in training too. */
export function withoutDropout(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) =>
    node.op === 'Dropout'
      ? { ...node, op: 'Identity', inputs: node.inputs.slice(0, 1), outputs: node.outputs.slice(0, 1) }
      : node,
  );
  return { ...graph, nodes };
}
