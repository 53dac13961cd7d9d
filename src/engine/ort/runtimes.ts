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
  readonly load: () => Promise<OrtModule>;
}

const native: OrtRuntime = { package: 'onnxruntime-node', load: () => import('onnxruntime-node') };

const web: OrtRuntime = {
  package: 'onnxruntime-web',
  async load() {
    const module = await import('onnxruntime-web');
    // More threads want SharedArrayBuffer and workers of a browser.
    module.env.wasm.numThreads = 1;
    return module as unknown as OrtModule;
  },
};

/** The package that serves each device. */
export const runtimes: Readonly<Record<Device, OrtRuntime>> = { cpu: native, cuda: native, webgpu: native, wasm: web };
