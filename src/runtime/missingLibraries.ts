import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * What the dynamic loader has to say against a shared library, in lines such as "libcudnn.so.9 => not found"; empty where
 * there is nothing, or no ldd. ONNX Runtime itself only says that it failed to load it.
 */
export async function missingLibraries(path: string): Promise<string> {
  const output = await promisify(execFile)('ldd', [path]).catch((error: { stdout?: string; stderr?: string }) => error);
  return `${output.stdout ?? ''}\n${output.stderr ?? ''}`
    .split('\n')
    .filter((line) => line.includes('not found'))
    .map((line) => line.trim())
    .join('\n');
}
