import { findGpu } from '../../../runtime/web/gpu.ts';
import type { Device } from '../../engine.ts';
import { wasmFiles } from './wasmFiles.ts';

/** Why a device does not work in this browser, as part of a sentence; null where nothing is known beyond the message. */
export async function explainDevice(device: Device, _message: string): Promise<string | null> {
  if (device !== 'webgpu' && device !== 'wasm') return null;
  if (device === 'webgpu') {
    const found = await findGpu();
    if (found.kind === 'none') return found.reason;
  }
  const { mjs, wasm } = wasmFiles[device];
  return (await faultOf(mjs, 'text/javascript')) ?? (await faultOf(wasm, 'application/wasm'));
}

/** What is wrong with a file of ONNX Runtime as the host gives it, as part of a sentence; null where nothing is. */
async function faultOf(url: string, type: string): Promise<string | null> {
  const remedy = 'serve it there, as docs/browser.md says';
  const answer = await fetch(url, { method: 'HEAD' }).catch(() => null);
  if (answer === null) return `ONNX Runtime's file ${url} cannot be fetched; ${remedy}`;
  if (!answer.ok) return `the host has no file ${url} of ONNX Runtime (status ${answer.status}); ${remedy}`;
  const given = answer.headers.get('content-type')?.split(';')[0] ?? '';
  // What a host answers in place of a file it lacks, or gives a file whose ending it does not know.
  const isWrong = given === 'text/html' || (type === 'text/javascript' && !given.endsWith('/javascript'));
  return isWrong
    ? `the host gives ONNX Runtime's file ${url} as "${given || 'nothing'}", expected "${type}"; ${remedy}`
    : null;
}
