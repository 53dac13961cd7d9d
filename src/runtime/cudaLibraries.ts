/** What came of fetching ONNX Runtime's CUDA libraries. */
export interface CudaFetch {
  /** Whether they are there now. */
  readonly fetched: boolean;
  /** A sentence about it. */
  readonly message: string;
}

/**
 * Fetches ONNX Runtime's CUDA libraries from NuGet with onnxruntime-node's own script, several hundred MB, beside that
 * package. Blocks until that is done; the script's words go to standard error.
 */
export async function fetchCudaLibraries(): Promise<CudaFetch> {
  // The script has to work where nothing is built yet, for npm runs it after an install.
  const script = new URL('../../tools/fetchCudaLibraries.mjs', import.meta.url);
  const module: { fetchCudaLibraries(): CudaFetch } = await import(script.href);
  return module.fetchCudaLibraries();
}
