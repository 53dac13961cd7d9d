import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** What files say about the GPUs of a machine, in a few milliseconds and without loading a driver. */
export interface GpuTraces {
  /** Such as linux/x64. */
  readonly platform: string;
  /** Whether ONNX Runtime's CUDA libraries were fetched. */
  readonly cudaLibrary: boolean;
  /** Whether Vulkan's loader is there. This and what follows is known on Linux alone. */
  readonly vulkanLoader: boolean;
  /** Names of the files that announce Vulkan drivers, such as intel_icd.x86_64.json. */
  readonly vulkanDrivers: readonly string[];
  /** PCI vendors of the GPUs that the kernel drives, such as 0x10de; empty text for one that is on no PCI bus. */
  readonly gpuVendors: readonly string[];
}

/** The traces of GPUs on this machine. */
export function gpuTraces(): GpuTraces {
  const platform = `${process.platform}/${process.arch}`;
  const library = cudaLibraryPath();
  const cudaLibrary = [library, library.replace('_cuda', '_shared')].every((path) => existsSync(path));
  if (process.platform !== 'linux')
    return { platform, cudaLibrary, vulkanLoader: false, vulkanDrivers: [], gpuVendors: [] };
  return {
    platform,
    cudaLibrary,
    vulkanLoader: libraryFolders().some((folder) => existsSync(join(folder, 'libvulkan.so.1'))),
    vulkanDrivers: vulkanDrivers(),
    gpuVendors: gpuVendors(),
  };
}

/** Where onnxruntime-node looks for its CUDA provider; empty where that package is missing. */
export function cudaLibraryPath(): string {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
    return join(folder, 'bin/napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so');
  } catch {
    return '';
  }
}

function libraryFolders(): readonly string[] {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return [
    ...listOf(process.env.LD_LIBRARY_PATH),
    ...[`/usr/lib/${machine}-linux-gnu`, `/lib/${machine}-linux-gnu`, '/usr/lib64', '/usr/lib', '/usr/local/lib'],
  ];
}

/** Where Vulkan's loader looks for drivers. */
function vulkanDrivers(): readonly string[] {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, VK_ADD_DRIVER_FILES } = process.env;
  const named = listOf(VK_DRIVER_FILES ?? VK_ICD_FILENAMES);
  const folders = [
    ...['/etc', '/usr/local/etc', '/usr/local/share', '/usr/share'],
    ...[join(homedir(), '.config'), join(homedir(), '.local/share')],
  ];
  const found = folders.flatMap((folder) => list(join(folder, 'vulkan/icd.d')));
  const paths = named.length > 0 ? named : [...listOf(VK_ADD_DRIVER_FILES), ...found];
  return paths.filter((path) => path.endsWith('.json') && existsSync(path)).map((path) => basename(path));
}

function gpuVendors(): readonly string[] {
  const cards = list('/sys/class/drm').filter((path) => basename(path).startsWith('renderD'));
  const vendors = cards.map((card) => readVendor(join(card, 'device/vendor')));
  // NVIDIA's driver can do without the kernel's graphics; under WSL a GPU is /dev/dxg.
  const nvidia = existsSync('/dev/nvidia0') ? ['0x10de'] : [];
  return [...vendors, ...nvidia, ...(existsSync('/dev/dxg') ? [''] : [])];
}

function readVendor(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function listOf(paths: string | undefined): readonly string[] {
  return (paths ?? '').split(':').filter((path) => path !== '');
}
