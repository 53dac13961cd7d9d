import type { Dtype, Tensor, TensorData } from '../../core/tensor.ts';
import type { DeviceOptions } from '../engine.ts';
import { openSession, runForeign, toOrt } from './session.ts';

/** What a graph is asked for once. */
export interface Evaluation {
  readonly bytes: Uint8Array;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly output: string;
  readonly device: DeviceOptions;
}

/** Opens a graph, runs it once and gives one of its outputs. To be called in a thread. */
export async function evaluate({ bytes, feeds, output, device }: Evaluation): Promise<Tensor> {
  const session = await openSession(bytes, device);
  try {
    const fed = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)]));
    const examples = Object.values(feeds)[0]?.dims[0] ?? 0;
    const { type, dims, data } = (await runForeign(session, fed, { [output]: null }, examples))[output]!;
    return { dtype: type as Dtype, dims, data: data as TensorData };
  } finally {
    await session.release();
  }
}
