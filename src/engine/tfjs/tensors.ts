import { float32, type Tensor } from '../../core/tensor.ts';
import type { TfModule, TfTensor } from '../../onnx/ops/execution.ts';

const largest = 2 ** 31 - 1;

/** A copy of a tensor in TensorFlow.js, where whole numbers have 32 bits and other numbers are float32. */
export function toTf(tf: TfModule, { dtype, dims, data }: Tensor): TfTensor {
  const shape = [...dims];
  if (dtype === 'float32') return tf.tensor((data as Float32Array).slice(), shape, 'float32');
  if (dtype === 'float64') return tf.tensor(Float32Array.from(data as Float64Array), shape, 'float32');
  if (dtype === 'bool') return tf.tensor((data as Uint8Array).slice(), shape, 'bool');
  if (dtype === 'float16') throw new Error('TensorFlow.js is not given float16');
  // What reaches beyond 32 bits stands for "to the end".
  const whole = Int32Array.from(data as Int32Array, (value) => Math.max(-largest, Math.min(largest, Number(value))));
  return tf.tensor(whole, shape, 'int32');
}

/** The numbers of a float32 tensor, copied: a backend may hand out its own memory. */
export async function fromTf(tensor: TfTensor): Promise<Tensor> {
  return float32((await numbersOf(tensor)) as Float32Array, tensor.shape);
}

/** The numbers of a tensor, copied. */
export async function numbersOf(tensor: TfTensor): Promise<Float32Array | Int32Array> {
  const data = (await tensor.data()) as Float32Array | Int32Array;
  return data.slice();
}
