/** The GPU that a browser offers, or why it offers none, as part of a sentence. */
export type FoundGpu =
  | { readonly kind: 'hardware' | 'software'; readonly name: string }
  | { readonly kind: 'none'; readonly reason: string };

/** What is used of WebGPU, which TypeScript's own declarations lack. */
interface Gpu {
  requestAdapter(): Promise<{
    readonly info: {
      readonly vendor: string;
      readonly architecture: string;
      readonly description: string;
      readonly isFallbackAdapter?: boolean;
    };
  } | null>;
}

/** Asks the browser for a GPU. */
export async function findGpu(): Promise<FoundGpu> {
  const { gpu } = navigator as unknown as { readonly gpu?: Gpu };
  if (!globalThis.isSecureContext)
    return { kind: 'none', reason: 'browsers offer WebGPU to pages of https and of localhost alone' };
  if (gpu === undefined)
    return {
      kind: 'none',
      reason:
        'this browser has no WebGPU, or has it switched off: Chrome, Edge, Firefox and Safari have it in their latest versions',
    };
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null)
    return {
      kind: 'none',
      reason:
        'this browser has WebGPU and finds no GPU for it: its driver is missing, too old, or blocked by the browser',
    };
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const isSoftware = isFallbackAdapter === true || architecture === 'swiftshader';
  const name = [vendor, architecture, description].filter((part) => part !== '').join(' ');
  return { kind: isSoftware ? 'software' : 'hardware', name: name === '' ? 'a GPU without a name' : name };
}
