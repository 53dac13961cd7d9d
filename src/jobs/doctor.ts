import { devices } from '../engine/engine.ts';
import { chooseDevice, type DeviceChoice } from '../engine/ort/chooseDevice.ts';
import { type DeviceReport, probeDevices } from '../engine/ort/probe.ts';
import { probeTfBackends, type TfBackendReport } from '../engine/tfjs/probe.ts';
import { availableThreads, type Versions, versionOf, versions } from '../runtime/host.ts';

/** What works on this machine, and why the rest does not. */
export interface Diagnosis {
  readonly versions: Versions;
  /** The version of the package behind the device wasm; null where it is not installed. */
  readonly onnxruntimeWeb: string | null;
  readonly threads: number;
  readonly devices: readonly DeviceReport[];
  /** What --device auto comes to. */
  readonly auto: DeviceChoice;
  readonly tfjs: {
    /** Null where it is not installed. */
    readonly version: string | null;
    /** In the order in which `--engine tfjs` tries them. */
    readonly backends: readonly TfBackendReport[];
  };
}

/** Tries every device of ONNX Runtime and every backend of TensorFlow.js. */
export async function diagnose(): Promise<Diagnosis> {
  return {
    versions: versions(),
    onnxruntimeWeb: versionOf('onnxruntime-web'),
    threads: availableThreads(),
    devices: await probeDevices(devices),
    auto: await chooseDevice(),
    tfjs: { version: versionOf('@tensorflow/tfjs'), backends: await probeTfBackends() },
  };
}
