import { environmentError } from '../../core/errors.ts';
import { versionOf } from '../../runtime/host.ts';
import { siblingModule, startThread } from '../../runtime/thread.ts';
import { type Device, type TfBackend, tfBackends } from '../engine.ts';
import type { TfWorkerCalls } from './calls.ts';

/** Whether a backend works, and why not. */
export interface TfBackendReport {
  readonly backend: TfBackend;
  readonly works: boolean;
  readonly reason: string;
  /** What it takes to have it; null where it works or nothing can be said. */
  readonly hint: string | null;
}

const hints: Readonly<Partial<Record<TfBackend, string>>> = {
  'tfjs-node-gpu':
    'never run by the authors of rho-loss; wants an NVIDIA GPU with CUDA 11.2 and cuDNN 8.1, and "npm install @tensorflow/tfjs-node-gpu@4.22.0", which downloads TensorFlow from storage.googleapis.com or the mirror in TFJS_NODE_CDN_STORAGE or TFJS_NODE_BASE_URI',
  'tfjs-node':
    'never run by the authors of rho-loss; "npm install @tensorflow/tfjs-node@4.22.0" downloads TensorFlow, as above',
  webgpu: 'Deno brings WebGPU along; for Node "npm install webgpu@0.6.2" and a driver for Vulkan',
};

/**
 * Multiplies two matrices with a backend, in a thread of its own that is gone afterwards. A GPU that is played by software
 * counts where `software` is true, default false.
 */
export async function probeTfBackend(backend: TfBackend, software = false): Promise<TfBackendReport> {
  const began = performance.now();
  const thread = startThread<TfWorkerCalls>(siblingModule('worker', import.meta.url), 'probe');
  try {
    await thread.call('tryBackend', { backend, software });
    const reason = `loaded in ${Math.round(performance.now() - began)} ms`;
    return { backend, works: true, reason, hint: null };
  } catch (error) {
    const reason = (error as Error).message.replace(/^Cannot use TensorFlow.js with [^:]+: /, '');
    return { backend, works: false, reason, hint: hints[backend] ?? null };
  } finally {
    await thread.stop();
  }
}

/** Tries every backend, best first. */
export async function probeTfBackends(): Promise<readonly TfBackendReport[]> {
  const reports: TfBackendReport[] = [];
  for (const backend of tfBackends) reports.push(await probeTfBackend(backend));
  return reports;
}

/** Whether the package with TensorFlow's own library for GPUs is there; it may still fail to load. */
export function isNativeInstalled(): boolean {
  return versionOf('@tensorflow/tfjs-node-gpu') !== null;
}

/** The backends that run on a device, best first; null allows all. */
export function backendsOn(device: Device | null): readonly TfBackend[] {
  if (device === null) return tfBackends;
  const onDevice: Readonly<Record<Device, readonly TfBackend[]>> = {
    cpu: ['tfjs-node', 'wasm', 'cpu'],
    cuda: ['tfjs-node-gpu'],
    webgpu: ['webgpu'],
    wasm: ['wasm'],
  };
  return onDevice[device];
}

/**
 * The first of `backends` that works here; a single one may be a GPU played by software. Throws an environment error with the
 * reason of each where none does.
 */
export async function chooseBackend(backends: readonly TfBackend[]): Promise<TfBackend> {
  const reasons: string[] = [];
  for (const backend of backends) {
    const { works, reason } = await probeTfBackend(backend, backends.length === 1);
    if (works) return backend;
    reasons.push(`${backend}: ${reason}`);
  }
  throw environmentError(
    `Cannot train with TensorFlow.js here (${reasons.join('; ')}): use --engine onnx, or see "rho doctor" for what is missing`,
  );
}
