import { findGpu } from '../../../runtime/web/gpu.ts';

/** Whether the GPU that WebGPU finds here is played by software. */
export async function isSoftwareGpu(): Promise<boolean> {
  return (await findGpu()).kind === 'software';
}
