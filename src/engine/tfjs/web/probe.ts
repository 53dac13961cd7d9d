import { environmentError } from '../../../core/errors.ts';
import type { TfBackend } from '../../engine.ts';
import type { TfBackendReport } from '../probe.ts';

export type { TfBackendReport } from '../probe.ts';

const reason = 'TensorFlow.js is no part of the page';

/** No backend works, for none is there. */
export async function probeTfBackend(backend: TfBackend): Promise<TfBackendReport> {
  return { backend, works: false, reason, hint: null };
}

/** Nothing to try. */
export async function probeTfBackends(): Promise<readonly TfBackendReport[]> {
  return [];
}

export function isNativeInstalled(): boolean {
  return false;
}

/** None on any device. */
export function backendsOn(): readonly TfBackend[] {
  return [];
}

/** Throws an environment error. */
export function chooseBackend(): Promise<TfBackend> {
  return Promise.reject(environmentError(`Cannot train with TensorFlow.js: ${reason}; take the engine onnx`));
}
