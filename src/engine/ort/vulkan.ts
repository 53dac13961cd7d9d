import type { GpuTraces } from '../../runtime/gpuTraces.ts';

/** PCI vendors by what the names of their drivers' files begin with. */
const vendors: readonly (readonly [prefix: string, vendor: string])[] = [
  ['intel', '0x8086'],
  ['radeon', '0x1002'],
  ['amd', '0x1002'],
  ['nvidia', '0x10de'],
  ['nouveau', '0x10de'],
];
/** Drivers that compute on the CPU, or pass on to what may do so. */
const software = ['lvp', 'lavapipe', 'swrast', 'vk_swiftshader', 'swiftshader', 'gfxstream', 'virtio'];

/**
 * The Vulkan drivers that have a GPU to drive: one of their vendor, or for vendors without a PCI bus (boards, WSL) any that
 * is on none.
 */
export function hardwareDrivers({ vulkanDrivers, gpuVendors }: GpuTraces): readonly string[] {
  return vulkanDrivers.filter((driver) => {
    if (software.some((prefix) => driver.startsWith(prefix))) return false;
    const [, vendor = ''] = vendors.find(([prefix]) => driver.startsWith(prefix)) ?? [];
    return gpuVendors.includes(vendor);
  });
}

/** Whether WebGPU may have a GPU here: on Linux as far as files tell, elsewhere only trying tells. */
export function mayHaveGpu(traces: GpuTraces): boolean {
  if (!traces.platform.startsWith('linux/')) return true;
  return traces.vulkanLoader && hardwareDrivers(traces).length > 0;
}
