import { usageError } from '../core/errors.ts';
import type { Graph } from '../onnx/graph.ts';
import type { Device, Engine, ScoreEngine, TfBackend, Trainer } from './engine.ts';
import type { EngineName } from './names.ts';
import { openTrainer as openOrtTrainer, type TrainerOptions } from './ort/openTrainer.ts';
import { openTrainer as openTfTrainer } from './tfjs/open.ts';
import { backendsOn, chooseBackend, isNativeInstalled, probeTfBackend } from './tfjs/probe.ts';

export { type EngineName, engineNames } from './names.ts';

/** What trains and what scores, as a run records it. */
export interface EngineOptions {
  readonly engine: Engine;
  readonly scoreEngine: ScoreEngine;
}

/** Opens a model for training with the engine that was chosen. */
export function openTrainer(model: Graph, options: TrainerOptions & EngineOptions): Promise<Trainer> {
  const backend = backendOf(options.engine);
  return backend === null ? openOrtTrainer(model, options) : openTfTrainer(model, { ...options, backend });
}

/** The backend of TensorFlow.js that an engine names; null for ONNX Runtime, which runs before this one called `auto`. */
export function backendOf(engine: Engine): TfBackend | null {
  return engine.startsWith('tfjs:') ? (engine.slice('tfjs:'.length) as TfBackend) : null;
}

/**
 * Chooses what trains here: a run records the choice, for it decides bits. `auto` is TensorFlow.js with a GPU where
 * tfjs-node-gpu is installed and sees one, else ONNX Runtime; `tfjs` is the first backend that works on `device`, null being
 * any. Throws an environment error where none does, a usage error for a backend that is not of the device.
 */
export async function resolveEngine(name: EngineName, device: Device | null): Promise<Engine> {
  if (name === 'onnx') return name;
  if (name === 'auto') {
    if ((device !== null && device !== 'cuda') || !isNativeInstalled()) return 'onnx';
    return (await probeTfBackend('tfjs-node-gpu')).works ? 'tfjs:tfjs-node-gpu' : 'onnx';
  }
  const allowed = backendsOn(device);
  if (name === 'tfjs') return `tfjs:${await chooseBackend(allowed)}`;
  const backend = backendOf(name)!;
  if (!allowed.includes(backend))
    throw usageError(
      `Cannot train with --engine ${name} on the device "${device}": that is served by ${allowed.map((other) => `tfjs:${other}`).join(', ')}`,
    );
  return `tfjs:${await chooseBackend([backend])}`;
}
