import { wasmThreads } from '../../../runtime/web/wasmThreads.ts';
import type { Device } from '../../engine.ts';
import type { OrtModule, OrtRuntime } from '../runtimes.ts';
import { type WasmFiles, wasmFiles } from './wasmFiles.ts';

export type { OrtModule, OrtOptions, OrtRuntime, OrtTensor } from '../runtimes.ts';

/** What to look at where a device does not work, for the end of a sentence. */
export const whatWorks = 'the page lists what works here';

const remedy = 'reload the page, or see that all of its files are served';

/** A page has no native code. */
function absent(device: Device): OrtRuntime {
  return {
    package: 'onnxruntime-node',
    load: () => Promise.reject(new Error(`a browser has no device "${device}"`)),
    remedy: 'take webgpu or wasm',
    hasFloat64: false,
  };
}

/** A build of ONNX Runtime that is told its threads and where its files are. */
function prepared(
  { env, ...rest }: Pick<typeof import('onnxruntime-web/wasm'), 'env' | 'InferenceSession' | 'Tensor'>,
  files: WasmFiles,
  threads: number,
): OrtModule {
  env.wasm.numThreads = wasmThreads(threads);
  env.wasm.wasmPaths = files;
  return { env, ...rest } as unknown as OrtModule;
}

const wasm: OrtRuntime = {
  package: 'onnxruntime-web/wasm',
  async load(threads) {
    return prepared(await import('onnxruntime-web/wasm'), wasmFiles.wasm, threads);
  },
  remedy,
  hasFloat64: true,
};

const webgpu: OrtRuntime = {
  package: 'onnxruntime-web/webgpu',
  async load(threads) {
    return prepared(await import('onnxruntime-web/webgpu'), wasmFiles.webgpu, threads);
  },
  remedy,
  // This build of ONNX Runtime 1.30.0 has no Cast to it, not even beside the GPU.
  hasFloat64: false,
  async lost({ env }) {
    const { lost } = env.webgpu.device as unknown as Gpu;
    const { message } = await lost;
    return `the browser lost its GPU${message === '' ? '' : ` (${message})`}`;
  },
};

/** What is used of a GPUDevice, which TypeScript's own declarations lack. */
interface Gpu {
  readonly lost: Promise<{ readonly message: string }>;
}

/** The package that serves each device. */
export const runtimes: Readonly<Record<Device, OrtRuntime>> = {
  cpu: absent('cpu'),
  cuda: absent('cuda'),
  webgpu,
  wasm,
};
