import { toBinary } from '@bufbuild/protobuf';
import { dataError } from '../core/errors.ts';
import { parseModel } from './model.ts';
import { type GraphProto, ModelProtoSchema, type TensorProto, TensorProto_DataLocation } from './proto/onnx_pb.ts';

/** Bytes that messages of protobuf can hold: where weights take more, they have to lie beside the model. */
const mostBytes = 2 ** 31 - 1;

/**
 * The same .onnx file with the weights inside that lie in other files (`data_location: EXTERNAL`); a file that has none is
 * returned as it is, byte for byte. `read` gives the bytes of a file by its path relative to the folder of the model. Throws a
 * data error for a path that leads out of that folder, for a file that is too short, and for more weights than one file can hold.
 */
export async function withExternalData(
  bytes: Uint8Array,
  name: string,
  read: (path: string) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const proto = parseModel(bytes, name);
  const tensors = [...tensorsOf(proto.graph!)].filter(
    ({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL,
  );
  if (tensors.length === 0) return bytes;
  const files = new Map<string, Uint8Array>();
  let total = bytes.length;
  for (const tensor of tensors) {
    const { location, offset, length } = placeOf(tensor, name);
    const file = files.get(location) ?? (await read(location));
    files.set(location, file);
    const end = length === undefined ? file.length : offset + length;
    if (end > file.length)
      throw dataError(
        `Cannot read "${name}": its weight "${tensor.name}" lies in bytes ${offset} to ${end} of "${location}", which has ${file.length}; fetch both files again`,
      );
    total += end - offset;
    if (total > mostBytes)
      throw dataError(
        `Cannot read "${name}": its weights take more than ${mostBytes} bytes with those of "${location}", which is too much for one ONNX file`,
      );
    tensor.rawData = file.subarray(offset, end);
    tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
    tensor.externalData = [];
  }
  return toBinary(ModelProtoSchema, proto);
}

interface Place {
  readonly location: string;
  readonly offset: number;
  readonly length: number | undefined;
}

function placeOf({ name: tensor, externalData }: TensorProto, name: string): Place {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location') ?? '';
  const isInside = location !== '' && !/^[/\\]|^[a-z]:|\\/i.test(location) && !location.split('/').includes('..');
  if (!isInside)
    throw dataError(
      `Cannot read "${name}": its weight "${tensor}" lies in "${location}", expected a file in the folder of the model`,
    );
  const number = (key: string) => {
    const text = entries.get(key);
    const value = Number(text);
    if (text !== undefined && !(Number.isSafeInteger(value) && value >= 0))
      throw dataError(`Cannot read "${name}": the ${key} of its weight "${tensor}" is "${text}", expected bytes`);
    return text === undefined ? undefined : value;
  };
  return { location, offset: number('offset') ?? 0, length: number('length') };
}

/** All tensors of a graph and of the graphs inside its nodes. */
function* tensorsOf(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const { attribute } of graph.node)
    for (const { t, g, graphs } of attribute) {
      if (t !== undefined) yield t;
      for (const inner of [...(g ? [g] : []), ...graphs]) yield* tensorsOf(inner);
    }
}
