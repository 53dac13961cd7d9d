import { findGpu } from '../../../runtime/web/gpu.ts';
import type { Device } from '../../engine.ts';

/** Why a device does not work in this browser, as part of a sentence; null where nothing is known beyond the message. */
export async function explainDevice(device: Device, _message: string): Promise<string | null> {
  if (device !== 'webgpu') return null;
  const found = await findGpu();
  return found.kind === 'none' ? found.reason : null;
}
