import { environmentError } from '../core/errors.ts';
import { cudaNeeds } from '../engine/ort/explainDevice.ts';
import { type DeviceReport, probeDevice } from '../engine/ort/probe.ts';
import { type CudaFetch, fetchCudaLibraries } from '../runtime/cudaLibraries.ts';

/** What installing gave. */
export interface CudaInstall {
  readonly message: string;
  readonly needs: string;
  readonly device: DeviceReport;
}

/**
 * Fetches ONNX Runtime's CUDA libraries and tries the device. Throws an environment error where they cannot be had, or do not
 * work as things are. Never run on a machine with a GPU.
 */
export async function installCuda(
  fetch: () => Promise<CudaFetch> = fetchCudaLibraries,
  probe: (device: 'cuda') => Promise<DeviceReport> = probeDevice,
): Promise<CudaInstall> {
  const { fetched, message } = await fetch();
  if (!fetched) throw environmentError(message);
  const device = await probe('cuda');
  if (!device.works)
    throw environmentError(`Cannot use the device "cuda" yet, though its libraries are there: ${device.reason}`);
  return { message, needs: cudaNeeds, device };
}
