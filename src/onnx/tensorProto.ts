import { create } from '@bufbuild/protobuf';
import { dataError } from '../core/errors.ts';
import { type Dtype, elementCount, type Tensor, type TensorData, viewAs } from '../core/tensor.ts';
import {
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorProto_DataType as Type,
} from './proto/onnx_pb.ts';

const numberOfDtype: Readonly<Record<Dtype, number>> = {
  float32: Type.FLOAT,
  float64: Type.DOUBLE,
  float16: Type.FLOAT16,
  int64: Type.INT64,
  int32: Type.INT32,
  int8: Type.INT8,
  uint8: Type.UINT8,
  bool: Type.BOOL,
};
const dtypeOfNumber = new Map(Object.entries(numberOfDtype).map(([dtype, number]) => [number, dtype as Dtype]));

/** ONNX's number for an element type. */
export function elementTypeOf(dtype: Dtype): number {
  return numberOfDtype[dtype];
}

/** The element type that an ONNX file means by `number`; throws a data error for those that nothing here computes with. */
export function dtypeOf(number: number, what: string): Dtype {
  const dtype = dtypeOfNumber.get(number);
  if (dtype === undefined)
    throw dataError(
      `Cannot use ${what}: its ONNX element type is ${number}, supported are ${[...dtypeOfNumber.values()].join(', ')}`,
    );
  return dtype;
}

/** The numbers of a TensorProto, whichever of its fields holds them; throws a data error where they lie in another file. */
export function readTensor(proto: TensorProto): Tensor {
  const what = `tensor "${proto.name}"`;
  const dtype = dtypeOf(proto.dataType, what);
  const dims = proto.dims.map(Number);
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL)
    throw dataError(`Cannot read ${what}: its data lies in another file, export the model with its weights inside`);
  const data = proto.rawData.length > 0 ? viewAs(dtype, proto.rawData) : typedFields(proto, dtype);
  if (data.length !== elementCount(dims))
    throw dataError(
      `Cannot read ${what}: it holds ${data.length} numbers, its shape [${dims.join(', ')}] expects ${elementCount(dims)}`,
    );
  return { dtype, dims, data };
}

function typedFields(proto: TensorProto, dtype: Dtype): TensorData {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(proto.floatData);
    case 'float64':
      return Float64Array.from(proto.doubleData);
    case 'int64':
      return BigInt64Array.from(proto.int64Data);
    case 'int32':
      return Int32Array.from(proto.int32Data);
    case 'int8':
      return Int8Array.from(proto.int32Data);
    case 'float16':
      return Uint16Array.from(proto.int32Data);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(proto.int32Data);
  }
}

/** A tensor as ONNX stores it. */
export function writeTensor(name: string, tensor: Tensor): TensorProto {
  const proto = create(TensorProtoSchema, { name });
  setTensor(proto, tensor);
  return proto;
}

/** Puts the numbers of `tensor` into `proto`, in little-endian raw bytes, and leaves all else there as it is. */
export function setTensor(proto: TensorProto, { dtype, dims, data }: Tensor): void {
  proto.dims = dims.map(BigInt);
  proto.dataType = elementTypeOf(dtype);
  proto.rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  proto.floatData = [];
  proto.doubleData = [];
  proto.int32Data = [];
  proto.int64Data = [];
}
