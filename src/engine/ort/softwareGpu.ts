import { gpuTraces } from '../../runtime/gpuTraces.ts';
import { mayHaveGpu } from './vulkan.ts';

/** Whether the GPU that WebGPU finds here, if it finds one, is played by software. */
export async function isSoftwareGpu(): Promise<boolean> {
  return !mayHaveGpu(gpuTraces());
}
