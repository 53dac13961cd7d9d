import { cudaLibraryPath, type GpuTraces, gpuTraces } from '../../runtime/gpuTraces.ts';
import { missingLibraries } from '../../runtime/missingLibraries.ts';
import type { Device } from '../engine.ts';
import { hardwareDrivers } from './vulkan.ts';

/** What the CUDA provider of this version of ONNX Runtime wants. */
export const cudaNeeds =
  'an NVIDIA driver for CUDA 12 (525 or newer), the CUDA 12 runtime and cuDNN 9, found by the dynamic loader (LD_LIBRARY_PATH)';

/**
 * Why a device does not work here, as part of a sentence: what is missing and what to do; null where nothing is known beyond
 * the message of ONNX Runtime.
 */
export async function explainDevice(device: Device, message: string): Promise<string | null> {
  const traces = gpuTraces();
  if (device === 'webgpu') return explainWebgpu(message, traces);
  if (device !== 'cuda') return null;
  const said = traces.cudaLibrary ? await missingLibraries(cudaLibraryPath()) : '';
  return explainCuda(`${message}\n${said}`, traces);
}

type Traces = Pick<GpuTraces, 'platform' | 'cudaLibrary'>;

/**
 * The same for CUDA, from what ONNX Runtime threw or logged and what the dynamic loader says of its library. Never tried on a
 * machine with a GPU: the texts are those of ONNX Runtime's issues.
 */
export function explainCuda(message: string, { platform, cudaLibrary }: Traces): string | null {
  if (platform !== 'linux/x64')
    return `ONNX Runtime publishes its CUDA libraries for linux/x64 alone, this is ${platform}; use --device webgpu for a GPU`;
  const missing = notFound(message);
  if (!cudaLibrary || missing.some((name) => name.startsWith('libonnxruntime_providers')))
    return 'the CUDA libraries of ONNX Runtime are not installed: run "rho doctor --install cuda"';
  const parts = libraryGroups.flatMap(({ pattern, tell }) => {
    const names = missing.filter((name) => pattern.test(name));
    return names.length > 0 ? [tell(names.join(', '))] : [];
  });
  if (parts.length > 0) return parts.join('; ');
  const version = /version [`'"]?(G\w+_[\d.]+)/.exec(message)?.[1];
  if (version !== undefined) return `the system is too old for ONNX Runtime's CUDA libraries, which want ${version}`;
  if (missing.length > 0)
    return `its CUDA libraries want ${missing.join(', ')}, which the dynamic loader does not find`;
  const failure = /CUDA failure (\d+): ([^;\n]*)/.exec(message);
  if (failure !== null) {
    const what = `CUDA failure ${failure[1]}: ${failure[2]!.trim()}`;
    const advice = cudaFailures[failure[1]!];
    return advice === undefined ? what : `${advice} (${what})`;
  }
  const cudnn = /CUDNN_STATUS_\w+/.exec(message)?.[0];
  if (cudnn !== undefined)
    return `cuDNN does not start (${cudnn}): install cuDNN 9 for CUDA 12, all of its libraries of one version`;
  if (!message.includes('Failed to load shared library')) return null;
  return 'the CUDA libraries of ONNX Runtime do not load, though none that they want is missing: remove libonnxruntime_providers_* in onnxruntime-node, and run "rho doctor --install cuda"';
}

const libraryGroups: readonly { readonly pattern: RegExp; readonly tell: (names: string) => string }[] = [
  {
    pattern: /^libcuda\.so/,
    tell: (names) =>
      `the NVIDIA driver is missing (${names} not found): install it, or start the container with the GPU (--gpus all)`,
  },
  {
    pattern: /^lib(cudart|cublas|cublasLt|cufft|curand|cusparse|cusolver|nvrtc|nvJitLink)\b/,
    tell: (names) =>
      `the CUDA 12 runtime is missing (${names} not found): install CUDA 12, which CUDA 11 or 13 do not replace, or add its folder to LD_LIBRARY_PATH`,
  },
  {
    pattern: /^libcudnn/,
    tell: (names) =>
      `cuDNN 9 is missing (${names} not found): install cuDNN 9 for CUDA 12, or add its folder to LD_LIBRARY_PATH`,
  },
];

const cudaFailures: Readonly<Record<string, string>> = {
  2: 'the memory of the GPU is full',
  35: 'the NVIDIA driver is missing or too old for CUDA 12: install 525 or newer',
  100: 'the NVIDIA driver sees no GPU: see what nvidia-smi lists, and CUDA_VISIBLE_DEVICES',
  101: 'the GPU that was asked for does not exist: see what nvidia-smi lists, and CUDA_VISIBLE_DEVICES',
  209: 'the CUDA libraries have no code for this GPU, which is older or newer than they know',
  802: 'the GPU is not ready: see what nvidia-smi says',
  803: 'the NVIDIA driver and its user libraries are of different versions: restart the machine or the container',
  804: 'the CUDA libraries are newer than the NVIDIA driver allows: update the driver',
};

/** Shared libraries that the dynamic loader did not find, each once. */
function notFound(message: string): readonly string[] {
  const cannot = message.matchAll(/(lib[\w.+-]+\.so[.\d]*): cannot open shared object file/g);
  const lacks = message.matchAll(/(lib[\w.+-]+\.so[.\d]*) => not found/g);
  return [...new Set([...cannot, ...lacks].map(([, name]) => name!))];
}

/** The same for WebGPU, from what ONNX Runtime threw and the traces of GPUs. */
export function explainWebgpu(message: string, traces: GpuTraces): string | null {
  const { platform, vulkanLoader, vulkanDrivers } = traces;
  if (message.includes('backend not found')) return `onnxruntime-node has no WebGPU for ${platform}`;
  if (!message.includes('Failed to get a WebGPU adapter')) return null;
  if (!platform.startsWith('linux/'))
    return 'there is no GPU that WebGPU could use: it wants Metal on macOS, Direct3D 12 on Windows';
  if (!vulkanLoader)
    return 'the Vulkan loader is missing (libvulkan.so.1 not found): install it (Debian: libvulkan1) and the Vulkan driver of the GPU';
  if (vulkanDrivers.length === 0)
    return 'there is a Vulkan loader and no Vulkan driver: install that of the GPU (Debian: mesa-vulkan-drivers, or NVIDIA’s own)';
  if (hardwareDrivers(traces).length === 0)
    return `the Vulkan drivers here (${vulkanDrivers.join(', ')}) find no GPU and none that software plays: in a container hand /dev/dri or the NVIDIA GPU in; lavapipe has to be of Mesa 25 or newer`;
  return `the Vulkan drivers here (${vulkanDrivers.join(', ')}) offer nothing that WebGPU could use: update them`;
}
