import { describe, expect, test } from 'vitest';
import type { Device } from '../../src/engine/engine.ts';
import { chooseDevice, chooseFrom } from '../../src/engine/ort/chooseDevice.ts';
import { hardwareDrivers } from '../../src/engine/ort/vulkan.ts';
import { type GpuTraces, gpuTraces } from '../../src/runtime/gpuTraces.ts';
import { bare } from './bareTraces.ts';

const intel: GpuTraces = {
  ...bare,
  vulkanLoader: true,
  vulkanDrivers: ['intel_icd.x86_64.json', 'lvp_icd.x86_64.json'],
  gpuVendors: ['0x8086'],
};

/** The choice where only `working` devices work, and what was tried for it. */
async function choose(traces: GpuTraces, ...working: Device[]) {
  const tried: Device[] = [];
  const choice = await chooseFrom(traces, async (device) => {
    tried.push(device);
    const works = working.includes(device);
    return { device, works, software: false, reason: works ? 'scored' : `${device} is broken` };
  });
  return { ...choice, tried };
}

describe('--device auto', () => {
  test('is cpu, and tries nothing, where files tell of no GPU', async () => {
    const why = 'no CUDA libraries; no GPU for WebGPU';
    expect(await choose(bare, 'cuda', 'webgpu')).toEqual({ device: 'cpu', why, tried: [] });
  });

  test('is cuda before webgpu, and webgpu before cpu, of those that work', async () => {
    const both = { ...intel, cudaLibrary: true };
    expect(await choose(both, 'cuda', 'webgpu')).toMatchObject({ device: 'cuda', tried: ['cuda'] });
    expect(await choose(both, 'webgpu')).toMatchObject({ device: 'webgpu', tried: ['cuda', 'webgpu'] });
    const why = 'cuda does not work: cuda is broken; webgpu does not work: webgpu is broken';
    expect(await choose(both)).toEqual({ device: 'cpu', why, tried: ['cuda', 'webgpu'] });
    expect(await choose(intel, 'webgpu')).toMatchObject({ device: 'webgpu', tried: ['webgpu'] });
  });

  test('never is wasm, nor a GPU that software plays', async () => {
    const software = { ...bare, vulkanLoader: true, vulkanDrivers: ['lvp_icd.json', 'intel_icd.json'] };
    expect(await choose(software, 'webgpu', 'wasm')).toMatchObject({ device: 'cpu', tried: [] });
  });

  test('tries WebGPU where files tell nothing', async () => {
    expect(await choose({ ...bare, platform: 'darwin/arm64' }, 'webgpu')).toMatchObject({ device: 'webgpu' });
    expect(await choose({ ...bare, platform: 'win32/x64' })).toMatchObject({ device: 'cpu', tried: ['webgpu'] });
  });

  test('is found once a process', async () => {
    expect(chooseDevice()).toBe(chooseDevice());
    expect(['cpu', 'cuda', 'webgpu']).toContain((await chooseDevice()).device);
  });
});

test.each<[string[], string[], string[]]>([
  [['nvidia_icd.json', 'lvp_icd.json'], ['0x10de'], ['nvidia_icd.json']],
  [['intel_hasvk_icd.json', 'radeon_icd.json', 'amd_icd64.json'], ['0x1002'], ['radeon_icd.json', 'amd_icd64.json']],
  [['virtio_icd.json', 'gfxstream_vk_icd.json', 'vk_swiftshader_icd.json'], ['0x1af4', ''], []],
  [['freedreno_icd.aarch64.json', 'intel_icd.json'], [''], ['freedreno_icd.aarch64.json']],
  [['dzn_icd.json'], [], []],
])('of the Vulkan drivers %j with the GPUs %j those for hardware are %j', (vulkanDrivers, gpuVendors, hardware) => {
  expect(hardwareDrivers({ ...bare, vulkanDrivers, gpuVendors })).toEqual(hardware);
});

test('looking for traces of GPUs takes no time to speak of', () => {
  gpuTraces();
  const began = performance.now();
  for (let i = 0; i < 10; i++) gpuTraces();
  expect((performance.now() - began) / 10).toBeLessThan(20);
});
