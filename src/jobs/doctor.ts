import type { Device } from '../engine/engine.ts';
import { type DeviceReport, probeDevices } from '../engine/ort/probe.ts';
import { availableThreads, type Versions, versionOf, versions } from '../runtime/host.ts';

/** What works on this machine, and why the rest does not. */
export interface Diagnosis {
  readonly versions: Versions;
  readonly threads: number;
  readonly devices: readonly DeviceReport[];
  readonly tfjsNodeGpu: { readonly installed: string | null; readonly reason: string };
}

/** Tries every device of ONNX Runtime and says which packages are there. */
export async function diagnose(): Promise<Diagnosis> {
  const devices: readonly Device[] = ['cpu', 'cuda', 'webgpu'];
  const installed = versionOf('@tensorflow/tfjs-node-gpu');
  return {
    versions: versions(),
    threads: availableThreads(),
    devices: await probeDevices(devices),
    tfjsNodeGpu: {
      installed,
      reason:
        installed === null
          ? 'not installed: it is optional, and npm leaves it out where its library cannot be downloaded'
          : 'installed, not used: this version trains with ONNX Runtime',
    },
  };
}
