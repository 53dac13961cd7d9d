/** A build of ONNX Runtime: what loads it, from which its threads start too, and its WebAssembly. */
export interface WasmFiles {
  readonly mjs: string;
  readonly wasm: string;
}

/**
 * Where the page has them, by the device that they serve: files of their own, which are fetched when they are needed, from where
 * the page itself is. Bundlers know them by this form, so nothing of it may be put together.
 */
export const wasmFiles: Readonly<Record<'wasm' | 'webgpu', WasmFiles>> = {
  wasm: {
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
  },
  webgpu: {
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs', import.meta.url).href,
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
  },
};
