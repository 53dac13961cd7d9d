import * as ort from 'onnxruntime-node';
import { dataError, environmentError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { writtenOpset } from '../../onnx/graph.ts';
import type { Device, DeviceOptions } from '../engine.ts';

// What it would log as an error it throws as well, and that is told in a sentence of ours.
ort.env.logLevel = 'fatal';

/** A tensor that ONNX Runtime reads from or writes to; on the CPU it shares the memory of its array. */
export type OrtTensor = ort.Tensor;

/** A graph that is ready to run. It blocks its thread while it runs, so it belongs in a worker. */
export interface Session {
  /** Runs the graph. An output given as a tensor is written in place, null asks for a fresh one. */
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

const providers: Readonly<Record<Device, readonly string[]>> = {
  cpu: ['cpu'],
  cuda: ['cuda'],
  webgpu: ['webgpu'],
};

/** How a session shares the cores. */
export interface Sharing {
  /** Whether its threads spin for more work when a run is over: best where it is alone, ruinous beside another session. */
  readonly spins: boolean;
}

/** Loads the bytes of a model. Throws an environment error where the device is not to be had. */
export async function openSession(
  bytes: Uint8Array,
  { device, threads }: DeviceOptions,
  { spins }: Sharing = { spins: true },
): Promise<Session> {
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: [...providers[device]],
    intraOpNumThreads: threads,
    logSeverityLevel: 4,
    // Numbers below 1e-38, which a converged model is full of, would slow every operator several times.
    extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: spins ? '1' : '0' } } },
  };
  try {
    const session = await ort.InferenceSession.create(bytes, options);
    return { run: (feeds, fetches) => session.run(feeds, fetches), release: () => session.release() };
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    if (device === 'cpu')
      throw dataError(`Cannot use the model: ONNX Runtime does not load its graph (${reason})${remedyFor(reason)}`);
    throw environmentError(`Cannot use the device "${device}": ${reason}; "rho doctor" lists what works here`);
  }
}

/** What to do about a graph that is written in an operator set which ONNX Runtime lacks, for the end of a sentence. */
function remedyFor(reason = ''): string {
  if (/not a registered function|NOT_IMPLEMENTED|Could not find an implementation/i.test(reason))
    return '; its file has to hold only operators of ONNX and of ONNX Runtime on the CPU, export it so';
  return /opset|deprecated|unrecognized attribute/i.test(reason) ? `; export it again with opset ${writtenOpset}` : '';
}

/** Runs a foreign graph. Throws a data error with ONNX Runtime's reason where that fails on `examples` examples. */
export async function runForeign(
  session: Session,
  feeds: Readonly<Record<string, OrtTensor>>,
  fetches: Readonly<Record<string, OrtTensor | null>>,
  examples: number,
): Promise<Readonly<Record<string, OrtTensor>>> {
  try {
    return await session.run(feeds, fetches);
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw dataError(`Cannot score with the model: ONNX Runtime fails on ${examples} examples (${reason})`);
  }
}

/** The array of a tensor as ONNX Runtime's tensor, without a copy. */
export function toOrt(tensor: Tensor): OrtTensor {
  return new ort.Tensor(tensor.dtype as 'float32', tensor.data as Float32Array, tensor.dims);
}
