import type { Device } from '../engine/engine.ts';
import { type DeviceReport, probeDevices } from '../engine/ort/probe.ts';
import { probeTfBackends, type TfBackendReport } from '../engine/tfjs/probe.ts';
import { availableThreads, type Versions, versionOf, versions } from '../runtime/host.ts';

/** What works on this machine, and why the rest does not. */
export interface Diagnosis {
  readonly versions: Versions;
  readonly threads: number;
  readonly devices: readonly DeviceReport[];
  readonly tfjs: {
    /** Null where it is not installed. */
    readonly version: string | null;
    /** In the order in which `--engine tfjs` tries them. */
    readonly backends: readonly TfBackendReport[];
  };
}

/** Tries every device of ONNX Runtime and every backend of TensorFlow.js. */
export async function diagnose(): Promise<Diagnosis> {
  const devices: readonly Device[] = ['cpu', 'cuda', 'webgpu'];
  return {
    versions: versions(),
    threads: availableThreads(),
    devices: await probeDevices(devices),
    tfjs: { version: versionOf('@tensorflow/tfjs'), backends: await probeTfBackends() },
  };
}
