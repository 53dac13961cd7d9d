import type { Command } from 'commander';
import { usageError } from '../core/errors.ts';
import type { DeviceOptions } from '../engine/engine.ts';
import { backendOf, type EngineOptions, resolveEngine } from '../engine/open.ts';
import type { Host } from '../jobs/host.ts';
import type { AveragesName } from '../jobs/selectionRun.ts';

/** What the choice of an engine depends on. */
export interface EngineFlags extends EngineOptions, DeviceOptions {
  readonly batchNorm?: AveragesName;
}

/** The options of a command that trains, with the choice that --engine leaves open made; TensorFlow.js is told. */
export async function withEngine<Options extends EngineFlags>(
  command: Command,
  options: Options,
  host: Host,
): Promise<Options> {
  const device = command.getOptionValue('device') === 'auto' ? null : options.device;
  const engine = await resolveEngine(options.engine, device);
  const backend = backendOf(engine);
  if (backend !== null && options.batchNorm === 'candidates')
    throw usageError(
      `Cannot take running averages from candidates with --engine ${engine}: pass --batch-norm steps, or --engine onnx`,
    );
  if (backend !== null) host.say(`TensorFlow.js trains, backend ${backend}`);
  return { ...options, engine };
}
