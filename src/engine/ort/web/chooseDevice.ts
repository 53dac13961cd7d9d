import { findGpu } from '../../../runtime/web/gpu.ts';
import type { DeviceChoice, DeviceName } from '../chooseDevice.ts';
import { probeDevice } from '../probe.ts';

export type { DeviceChoice, DeviceName } from '../chooseDevice.ts';

/** The devices that a browser may have. */
export const deviceNames: readonly DeviceName[] = ['auto', 'webgpu', 'wasm'];

let chosen: Promise<DeviceChoice> | undefined;

/** The better device that works in this browser: webgpu on hardware, then wasm. It is tried once. */
export function chooseDevice(): Promise<DeviceChoice> {
  chosen ??= choose();
  return chosen;
}

async function choose(): Promise<DeviceChoice> {
  const found = await findGpu();
  if (found.kind === 'none') return { device: 'wasm', why: found.reason };
  if (found.kind === 'software') return { device: 'wasm', why: `WebGPU is played by software here (${found.name})` };
  const { works, reason } = await probeDevice('webgpu');
  return works ? { device: 'webgpu', why: reason } : { device: 'wasm', why: `webgpu does not work: ${reason}` };
}
