import type { GpuTraces } from '../../src/runtime/gpuTraces.ts';

/** A machine without a trace of a GPU. */
export const bare: GpuTraces = {
  platform: 'linux/x64',
  cudaLibrary: false,
  vulkanLoader: false,
  vulkanDrivers: [],
  gpuVendors: [],
};
