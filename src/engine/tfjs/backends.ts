import { environmentError } from '../../core/errors.ts';
import type { TfModule } from '../../onnx/ops/execution.ts';
import { restoreIsNullOrUndefined } from '../../runtime/legacyUtil.ts';
import type { TfBackend } from '../engine.ts';
import { repairWasm } from './wasmKernels.ts';

/**
 * Loads TensorFlow.js with a backend. Throws an environment error that says why where it does not work; a GPU that is played
 * by software counts only where `software` allows it.
 */
export async function loadBackend(
  backend: TfBackend,
  { software }: { readonly software: boolean } = { software: true },
): Promise<TfModule> {
  try {
    return await loaders[backend](software);
  } catch (error) {
    throw environmentError(`Cannot use TensorFlow.js with ${backend}: ${firstLine(error)}`);
  }
}

const loaders: Readonly<Record<TfBackend, (software: boolean) => Promise<TfModule>>> = {
  async 'tfjs-node-gpu'() {
    const tf = await loadNative('@tensorflow/tfjs-node-gpu');
    const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
    if (isUsingGpuDevice !== true) throw new Error('its library is there and sees no GPU');
    return tf;
  },
  'tfjs-node': () => loadNative('@tensorflow/tfjs-node'),
  async webgpu(software) {
    await provideWebgpu(software);
    const tf = moduleOf(await import('@tensorflow/tfjs'));
    await import('@tensorflow/tfjs-backend-webgpu');
    return using(tf, 'webgpu');
  },
  async wasm() {
    const tf = moduleOf(await import('@tensorflow/tfjs'));
    await import('@tensorflow/tfjs-backend-wasm');
    repairWasm(tf);
    return using(tf, 'wasm');
  },
  async cpu() {
    const tf = await using(moduleOf(await import('@tensorflow/tfjs')), 'cpu');
    // At its first use it would advise on the console to install tfjs-node, which "rho doctor" does.
    (tf.backend() as { firstUse?: boolean }).firstUse = false;
    return tf;
  },
};

/** A package with TensorFlow's own library, which registers itself as the backend. */
async function loadNative(name: string): Promise<TfModule> {
  restoreIsNullOrUndefined();
  const tf = moduleOf(await importOptional(name));
  await tf.ready();
  if (tf.getBackend() !== 'tensorflow') throw new Error(`it came up with the backend "${tf.getBackend()}"`);
  return tf;
}

async function using(tf: TfModule, backend: string): Promise<TfModule> {
  if (!(await tf.setBackend(backend))) throw new Error('it cannot be initialised');
  await tf.ready();
  return tf;
}

interface Gpu {
  requestAdapter(): Promise<{ readonly info?: AdapterInfo } | null>;
}

interface AdapterInfo {
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/** Sees to it that there is WebGPU with an adapter: the runtime's own, or that of the package "webgpu". */
async function provideWebgpu(software: boolean): Promise<void> {
  const navigator = globalThis.navigator as unknown as { gpu?: Gpu } | undefined;
  if (navigator?.gpu === undefined) {
    const { create, globals } = (await importOptional('webgpu')) as { create(flags: string[]): Gpu; globals: object };
    Object.assign(globalThis, globals);
    const value = { ...navigator, gpu: create([]) };
    Object.defineProperty(globalThis, 'navigator', { value, configurable: true, writable: true });
  }
  const adapter = await (globalThis.navigator as unknown as { gpu: Gpu }).gpu.requestAdapter();
  if (adapter === null) throw new Error('there is no adapter');
  if (adapter.info?.isFallbackAdapter === true && !software)
    throw new Error(`its adapter is software (${adapter.info.description}), which has to be named: tfjs:webgpu`);
}

/** A package that need not be there: its name is no literal, so that nothing is made of it beforehand. */
async function importOptional(name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND' && firstLine(error).includes(name))
      throw new Error(`the package "${name}" is not installed`);
    throw error;
  }
}

/** Packages in the older format come as the default export. */
function moduleOf(imported: unknown): TfModule {
  return (imported as { default?: TfModule }).default ?? (imported as TfModule);
}

function firstLine(error: unknown): string {
  return String((error as Error).message ?? error).split('\n')[0]!;
}
