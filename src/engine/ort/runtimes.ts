import type * as ort from 'onnxruntime-node';
import type { Device } from '../engine.ts';

/** What the packages of ONNX Runtime have in common. Tensors of one are not to be mixed with sessions of another. */
export type OrtModule = Pick<typeof ort, 'env' | 'InferenceSession' | 'Tensor'>;
/** A tensor that ONNX Runtime reads from or writes to; on the CPU it shares the memory of its array. */
export type OrtTensor = ort.Tensor;
export type OrtOptions = ort.InferenceSession.SessionOptions;

/** A package of ONNX Runtime, which may be missing or not load on this machine. */
export interface OrtRuntime {
  readonly package: string;
  /** `threads` are those of a session where the package has to know them first. */
  readonly load: (threads: number) => Promise<OrtModule>;
  /** What to do where it does not load, for the end of a sentence. */
  readonly remedy: string;
  /** Whether graphs may compute in float64, which choosing inside the step does. */
  readonly hasFloat64: boolean;
  /** Why its device was lost, as part of a sentence, once it is; to be asked when a session is open. Left out where that is never told. */
  readonly lost?: (ort: OrtModule) => Promise<string>;
}

/** What to look at where a device does not work, for the end of a sentence. */
export const whatWorks = '"rho doctor" lists what works here';

const native: OrtRuntime = {
  package: 'onnxruntime-node',
  load: () => import('onnxruntime-node'),
  remedy: 'pass --device wasm, which runs everywhere, slower',
  hasFloat64: true,
};

const web: OrtRuntime = {
  package: 'onnxruntime-web',
  async load() {
    const module = await import('onnxruntime-web');
    // More threads want SharedArrayBuffer and workers of a browser.
    module.env.wasm.numThreads = 1;
    return module as unknown as OrtModule;
  },
  remedy: '"npm install" brings it',
  hasFloat64: true,
};

/** The package that serves each device. */
export const runtimes: Readonly<Record<Device, OrtRuntime>> = { cpu: native, cuda: native, webgpu: native, wasm: web };
