import { float32, type Tensor } from '../../core/tensor.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import { writtenOpset } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/model.ts';
import { microsoftDomain } from '../../onnx/ops/microsoft.ts';
import { writeProduct } from '../../onnx/quantised/product.ts';
import { writeWeight } from '../../onnx/quantised/weights.ts';
import { openSession, toOrt } from './session.ts';

const size = 64;
const largest = { x: 255, w: 127 };

/**
 * Whether the fast products in 8 bits overflow on this CPU, found by multiplying the largest numbers: on x86 without VNNI pairs
 * of products are added in 16 bits. To be called in a thread, which finds it out once.
 */
export function productsOverflow(): Promise<boolean> {
  found ??= multiplied();
  return found;
}

let found: Promise<boolean> | undefined;

async function multiplied(): Promise<boolean> {
  const b = new GraphBuilder('overflow', { '': writtenOpset, [microsoftDomain]: 1 });
  const values = b.input({ name: 'input', dtype: 'uint8', dims: ['rows', size] });
  const columns = { values: new Int8Array(size * size).fill(largest.w), scales: new Float32Array(size).fill(1) };
  b.output(
    writeProduct(b, { values }, writeWeight(b, columns, 1), b.constant(float32(new Float32Array(size)))),
    'output',
  );
  const session = await openSession(writeModel(b.build()), { device: 'cpu', threads: 1 });
  // A single row has a kernel of its own.
  const sums = await Promise.all([1, 16].map((rows) => run(rows)));
  await session.release();
  return sums.flat().some((sum) => sum !== size * largest.x * largest.w);

  async function run(rows: number): Promise<number[]> {
    const data = new Uint8Array(rows * size).fill(largest.x);
    const input: Tensor = { dtype: 'uint8', dims: [rows, size], data };
    const { output } = await session.run({ input: toOrt(input) }, { output: null });
    return [...(output!.data as Float32Array)];
  }
}
