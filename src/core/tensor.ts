/** Element types that cross folder borders; the names are ONNX Runtime's. */
export type Dtype = 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'int8' | 'uint8' | 'bool';

export type TensorData =
  | Float32Array
  | Float64Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Int8Array
  | Uint8Array;

/** A dense array with its shape, as plain data: it can be posted to a thread and belongs to no engine. */
export interface Tensor {
  readonly dtype: Dtype;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** The number of elements of a tensor of shape `dims`; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The bytes that one element of `dtype` takes. */
export function bytesPerElement(dtype: Dtype): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}

/** An array of zeros that holds a tensor of this type and shape. */
export function allocate(dtype: Dtype, dims: readonly number[]): TensorData {
  return new arrays[dtype](elementCount(dims));
}

/** The numbers in `bytes` as an array of `dtype`, copied where the bytes are not aligned. */
export function viewAs(dtype: Dtype, bytes: Uint8Array): TensorData {
  const ArrayType = arrays[dtype];
  const size = ArrayType.BYTES_PER_ELEMENT;
  // Not slice(), which does not copy Node's Buffer.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new ArrayType(aligned.buffer as ArrayBuffer, aligned.byteOffset, Math.floor(aligned.byteLength / size));
}

/** A float32 tensor from numbers. */
export function float32(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor {
  return { dtype: 'float32', dims, data: Float32Array.from(values) };
}

/** An int64 tensor from numbers, the type that ONNX wants for shapes and axes. */
export function int64(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return { dtype: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}
