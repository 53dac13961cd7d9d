import { describe, expect, test } from 'vitest';
import { explainCuda, explainWebgpu } from '../../src/engine/ort/explainDevice.ts';
import type { GpuTraces } from '../../src/runtime/gpuTraces.ts';
import { bare } from './bareTraces.ts';

const fetched: GpuTraces = { ...bare, cudaLibrary: true };

/** What ONNX Runtime throws whatever is wrong with the provider's library; the rest it logs. */
const thrown = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';

/** What it logs, and newer versions throw. */
function loading(library: string): string {
  return `/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1778 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_cuda.so with error: ${library}: cannot open shared object file: No such file or directory`;
}

function failing(number: number, what: string): string {
  return `/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:122 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*, const char*, SUCCTYPE, const char*, const char*, int) CUDA failure ${number}: ${what} ; GPU=-1 ; hostname=c4327188c000000 ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; line=336 ; expr=cudaSetDevice(info_.device_id); `;
}

const install = 'the CUDA libraries of ONNX Runtime are not installed: run "rho doctor --install cuda"';

describe('why CUDA does not work is told from what ONNX Runtime says', () => {
  test.each<[string, string, GpuTraces, string | RegExp]>([
    ['no provider library', thrown, bare, install],
    ['no shared part of it', loading('libonnxruntime_providers_shared.so'), fetched, install],
    [
      'another platform',
      thrown,
      { ...bare, platform: 'darwin/arm64' },
      /^ONNX .* for linux\/x64 alone, this is darwin/,
    ],
    [
      'no driver',
      loading('libcuda.so.1'),
      fetched,
      /^the NVIDIA driver is missing \(libcuda\.so\.1 not found\): install it/,
    ],
    [
      'no cuDNN',
      loading('libcudnn.so.9'),
      fetched,
      /^cuDNN 9 is missing \(libcudnn\.so\.9 not found\): install cuDNN 9/,
    ],
    ['part of cuDNN', loading('libcudnn_adv.so.9'), fetched, /^cuDNN 9 is missing \(libcudnn_adv\.so\.9 not found\)/],
    ['no CUDA 12', loading('libcublasLt.so.12'), fetched, /^the CUDA 12 runtime is missing \(libcublasLt\.so\.12 not/],
    ['no cuFFT', loading('libcufft.so.11'), fetched, /^the CUDA 12 runtime is missing \(libcufft\.so\.11 not found\)/],
    [
      'any other library',
      loading('libfoo-2.so.3'),
      fetched,
      /want libfoo-2\.so\.3, which the dynamic loader does not find$/,
    ],
    [
      'an old system',
      `${thrown}\n/lib/x86_64-linux-gnu/libc.so.6: version \`GLIBC_2.38' not found (required by libonnxruntime_providers_cuda.so)`,
      fetched,
      /^the system is too old .* want GLIBC_2\.38$/,
    ],
    [
      'an old driver',
      failing(35, 'CUDA driver version is insufficient for CUDA runtime version'),
      fetched,
      'the NVIDIA driver is missing or too old for CUDA 12: install 525 or newer (CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version)',
    ],
    [
      'no GPU',
      failing(100, 'no CUDA-capable device is detected'),
      fetched,
      /^the NVIDIA driver sees no GPU: .*failure 100/,
    ],
    [
      'a full GPU',
      failing(2, 'out of memory'),
      fetched,
      'the memory of the GPU is full (CUDA failure 2: out of memory)',
    ],
    ['another failure', failing(999, 'unknown error'), fetched, 'CUDA failure 999: unknown error'],
    [
      'a mixed cuDNN',
      'CUDNN failure 1002: CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH ; GPU=0',
      fetched,
      /^cuDNN does not start \(CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH\): install cuDNN 9/,
    ],
    ['damaged libraries', thrown, fetched, /^the CUDA libraries of ONNX Runtime do not load/],
  ])('%s', (_, message, traces, sentence) => {
    const told = explainCuda(message, traces);
    if (typeof sentence === 'string') expect(told).toBe(sentence);
    else expect(told).toMatch(sentence);
    expect(told).not.toMatch(/\n|onnxruntime_src|\.$/);
  });

  test('names everything that is missing at once, from what the dynamic loader lists', () => {
    const said = [
      'libcublasLt.so.12 => not found',
      'libcudart.so.12 => not found',
      'libcudnn.so.9 => not found',
      'libcuda.so.1 => not found',
    ];
    const told = explainCuda([thrown, ...said].join('\n'), fetched)!;
    expect(told.split('; ')).toEqual([
      expect.stringMatching(/driver is missing \(libcuda\.so\.1 /),
      expect.stringMatching(/runtime is missing \(libcublasLt\.so\.12, libcudart\.so\.12 /),
      expect.stringMatching(/cuDNN 9 is missing \(libcudnn\.so\.9 /),
    ]);
  });

  test('what it does not know it leaves to ONNX Runtime', () => {
    expect(explainCuda('Node (conv1) Op (Conv) is broken', fetched)).toBe(null);
  });
});

describe('why WebGPU does not work is told from what ONNX Runtime says and what is installed', () => {
  const none =
    '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n';
  const loader: GpuTraces = { ...bare, vulkanLoader: true };
  test.each<[string, string, GpuTraces, RegExp]>([
    ['no loader', none, bare, /^the Vulkan loader is missing \(libvulkan\.so\.1 not found\): install it/],
    ['no driver', none, loader, /^there is a Vulkan loader and no Vulkan driver: install that of the GPU/],
    [
      'drivers without a GPU',
      none,
      { ...loader, vulkanDrivers: ['intel_icd.x86_64.json', 'lvp_icd.json'] },
      /^the Vulkan drivers here \(intel_icd\.x86_64\.json, lvp_icd\.json\) find no GPU .* Mesa 25 or newer$/,
    ],
    [
      'an old driver',
      none,
      { ...loader, vulkanDrivers: ['intel_icd.json'], gpuVendors: ['0x8086'] },
      /^the Vulkan drivers here \(intel_icd\.json\) offer nothing that WebGPU could use: update them$/,
    ],
    ['no GPU elsewhere', none, { ...bare, platform: 'win32/x64' }, /^there is no GPU .* Direct3D 12 on Windows$/],
    [
      'no WebGPU in the package',
      'no available backend found. ERR: [webgpu] backend not found.',
      { ...bare, platform: 'linux/arm64' },
      /^onnxruntime-node has no WebGPU for linux\/arm64$/,
    ],
  ])('%s', (_, message, traces, sentence) => {
    expect(explainWebgpu(message, traces)).toMatch(sentence);
  });

  test('what it does not know it leaves to ONNX Runtime', () => {
    expect(explainWebgpu('Node (conv1) Op (Conv) is broken', loader)).toBe(null);
  });
});
