import { type GpuTraces, gpuTraces } from '../../runtime/gpuTraces.ts';
import type { Device } from '../engine.ts';
import { type DeviceReport, probeDevice } from './probe.ts';
import { mayHaveGpu } from './vulkan.ts';

export { type DeviceName, deviceNames } from '../names.ts';

/** The device that was chosen, and why none before it. */
export interface DeviceChoice {
  readonly device: Device;
  readonly why: string;
}

let chosen: Promise<DeviceChoice> | undefined;

/**
 * The best device that works on this machine: cuda, then webgpu on hardware, then cpu. What files tell is there is tried, in
 * a thread of its own and once a process; where they tell of no GPU this takes a few milliseconds.
 */
export function chooseDevice(): Promise<DeviceChoice> {
  chosen ??= chooseFrom(gpuTraces(), probeDevice);
  return chosen;
}

/** The choice from what files tell, by trying devices. */
export async function chooseFrom(
  traces: GpuTraces,
  probe: (device: Device) => Promise<DeviceReport>,
): Promise<DeviceChoice> {
  const why: string[] = [];
  for (const [device, mayWork, absent] of [
    ['cuda', traces.cudaLibrary, 'no CUDA libraries'],
    ['webgpu', mayHaveGpu(traces), 'no GPU for WebGPU'],
  ] as const) {
    if (!mayWork) {
      why.push(absent);
      continue;
    }
    const { works, reason } = await probe(device);
    if (works) return { device, why: [...why, reason].join('; ') };
    why.push(`${device} does not work: ${reason}`);
  }
  return { device: 'cpu', why: why.join('; ') };
}
