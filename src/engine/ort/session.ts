import { dataError, environmentError, RhoError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { writtenOpset } from '../../onnx/graph.ts';
import type { Device, DeviceOptions } from '../engine.ts';
import { watchDevice } from './lostDevice.ts';
import { type OrtModule, type OrtOptions, type OrtTensor, runtimes, whatWorks } from './runtimes.ts';

export type { OrtTensor } from './runtimes.ts';

/** Tensors by the inputs or outputs of a graph. */
export type OrtRecord = Readonly<Record<string, OrtTensor>>;
/** Outputs that are asked for: a tensor is written in place, null asks for a fresh one. */
export type Fetches = Readonly<Record<string, OrtTensor | null>>;

/** A graph that is ready to run. It blocks its thread while it runs, so it belongs in a worker. */
export interface Session {
  run(feeds: OrtRecord, fetches: Fetches): Promise<OrtRecord>;
  release(): Promise<void>;
}

/** How a session shares the cores. */
export interface Sharing {
  /** Whether its threads spin for more work when a run is over: best where it is alone, ruinous beside another session. */
  readonly spins: boolean;
}

/** The package that this thread works with, once one is loaded. */
let loaded: { readonly name: string; readonly ort: OrtModule } | undefined;

/** How a session multiplies numbers of 8 bits. */
export interface EightBits {
  /** Whether it takes slower kernels on x86, which do not overflow where the fast ones do. */
  readonly exactProducts: boolean;
}

/**
 * Loads the bytes of a model. All sessions of a thread are of one package of ONNX Runtime. The outputs `stay` remain on the
 * device; no output of such a session is written in place. Throws an environment error where the device is not to be had, a data error where ONNX Runtime does not take the graph.
 */
export async function openSession(
  bytes: Uint8Array,
  { device, threads }: DeviceOptions,
  { spins }: Sharing = { spins: true },
  { exactProducts }: EightBits = { exactProducts: false },
  stay: readonly string[] = [],
): Promise<Session> {
  const ort = await loadRuntime(device, threads);
  const options: OrtOptions = {
    executionProviders: [device],
    intraOpNumThreads: threads,
    logSeverityLevel: 4,
    ...(stay.length > 0 && { preferredOutputLocation: Object.fromEntries(stay.map((name) => [name, 'gpu-buffer'])) }),
    extra: {
      session: {
        // Numbers below 1e-38, which a converged model is full of, would slow every operator several times.
        set_denormal_as_zero: '1',
        x64quantprecision: exactProducts ? '1' : '0',
        intra_op: { allow_spinning: spins ? '1' : '0' },
      },
    },
  };
  try {
    const session = await ort.InferenceSession.create(bytes, options);
    const lost = runtimes[device].lost?.(ort);
    if (lost !== undefined) {
      const watch = watchDevice(device, lost);
      return {
        run: (feeds, fetches) => watch.run(() => session.run(feeds, fetches)),
        // It would wait for the device.
        release: async () => (watch.isLost() ? undefined : session.release()),
      };
    }
    return {
      run: device === 'wasm' ? writingAfterwards(session) : (feeds, fetches) => session.run(feeds, fetches),
      release: () => session.release(),
    };
  } catch (error) {
    throw await refusal(device, messageOf(error));
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
  feeds: OrtRecord,
  fetches: Fetches,
  examples: number,
): Promise<OrtRecord> {
  try {
    return await session.run(feeds, fetches);
  } catch (error) {
    if (error instanceof RhoError) throw error;
    const reason = firstLine(messageOf(error));
    throw dataError(`Cannot score with the model: ONNX Runtime fails on ${examples} examples (${reason})`);
  }
}

/** The array of a tensor as a tensor of the package that this thread has loaded, without a copy. */
export function toOrt(tensor: Tensor): OrtTensor {
  if (loaded === undefined) throw new Error('No session is opened in this thread');
  return new loaded.ort.Tensor(tensor.dtype as 'float32', tensor.data as Float32Array, tensor.dims);
}

/** Loads the package of a device, once a thread; `openSession` does that by itself. Throws an environment error where it does not load. */
export async function loadRuntime(device: Device, threads = 1): Promise<OrtModule> {
  const { package: name, load, remedy } = runtimes[device];
  if (loaded !== undefined && loaded.name !== name) throw new Error(`This thread works with ${loaded.name} already`);
  if (loaded === undefined) {
    try {
      loaded = { name, ort: await load(threads) };
    } catch (error) {
      throw environmentError(
        `Cannot use the device "${device}": ${name} does not load here (${firstLine(messageOf(error))}); ${remedy}`,
      );
    }
    // What it would log as an error it throws as well, and that is told in a sentence of ours.
    loaded.ort.env.logLevel = 'fatal';
  }
  return loaded.ort;
}

/** WebAssembly, which has a memory of its own, leaves given tensors as they are, without a word: results are copied into them. */
function writingAfterwards(session: { run(feeds: OrtRecord, fetches: Fetches): Promise<OrtRecord> }): Session['run'] {
  return async (feeds, fetches) => {
    const names = Object.keys(fetches);
    const fresh = await session.run(feeds, Object.fromEntries(names.map((name) => [name, null])));
    const written = (name: string, tensor: OrtTensor) => {
      const given = fetches[name];
      if (given == null) return tensor;
      (given.data as Float32Array).set(tensor.data as Float32Array);
      return given;
    };
    return Object.fromEntries(names.map((name) => [name, written(name, fresh[name]!)]));
  };
}

async function refusal(device: Device, message: string): Promise<Error> {
  const reason = firstLine(message);
  const isGraph =
    device === 'cpu' || (device === 'wasm' && !message.startsWith('no available backend')) || remedyFor(reason) !== '';
  if (isGraph)
    return dataError(`Cannot use the model: ONNX Runtime does not load its graph (${reason})${remedyFor(reason)}`);
  // Looks at the machine, which is nothing for every thread that loads a model.
  const { explainDevice } = await import('./explainDevice.ts');
  const explained = (await explainDevice(device, message)) ?? reason;
  return environmentError(`Cannot use the device "${device}": ${explained}; ${whatWorks}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstLine(text: string): string {
  return text.split('\n')[0]!;
}
