import { expect, test } from 'vitest';
import type { DeviceReport } from '../../src/engine/ort/probe.ts';
import { installCuda } from '../../src/jobs/installCuda.ts';

const fetched = async () => ({ fetched: true, message: 'Fetched the CUDA libraries: /there' });

function reporting(works: boolean, reason: string) {
  return async (): Promise<DeviceReport> => ({ device: 'cuda', works, software: false, reason });
}

test('CUDA is installed when its libraries are there and the device scores', async () => {
  const { message, needs, device } = await installCuda(fetched, reporting(true, 'scored in 900 ms'));
  expect(message).toBe('Fetched the CUDA libraries: /there');
  expect(needs).toMatch(/CUDA 12 .*cuDNN 9/);
  expect(device.works).toBe(true);
});

test('libraries that cannot be fetched are an error of the environment, and nothing is tried', async () => {
  const failed = async () => ({ fetched: false, message: 'Cannot fetch the CUDA libraries' });
  const never = () => Promise.reject(new Error('tried'));
  await expect(installCuda(failed, never)).rejects.toMatchObject({
    kind: 'environment',
    message: 'Cannot fetch the CUDA libraries',
  });
});

test('libraries that do not work are an error of the environment with the reason', async () => {
  await expect(installCuda(fetched, reporting(false, 'the NVIDIA driver is missing'))).rejects.toMatchObject({
    kind: 'environment',
    message: 'Cannot use the device "cuda" yet, though its libraries are there: the NVIDIA driver is missing',
  });
});
