/** How many of the threads that are wanted WebAssembly can have on this page. */
export function wasmThreads(wanted: number): number {
  return whyOneThread() === null ? wanted : 1;
}

/** Why WebAssembly has one thread a session here, as part of a sentence; null where it may have more. */
export function whyOneThread(): string | null {
  if (globalThis.crossOriginIsolated) return null;
  return 'this page is served without the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, without which browsers share no memory between threads';
}
