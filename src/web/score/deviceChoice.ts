import type { Device } from '../../engine/engine.ts';
import { findGpu } from '../../runtime/web/gpu.ts';
import { availableThreads } from '../../runtime/web/host.ts';
import { whyOneThread } from '../../runtime/web/wasmThreads.ts';
import { find, make } from '../element.ts';
import { failure } from '../failure.ts';
import type { Jobs } from '../jobs.ts';
import { forPage } from '../sentence.ts';

/** Where jobs run. */
export interface DeviceChoice {
  readonly device: () => Device;
  readonly threads: () => number;
}

/**
 * The list of devices, with the reason where one is missing. Nothing is fetched for it: what really works is tried where the user
 * asks for that, or works.
 */
export function deviceChoice(jobs: () => Promise<Jobs>): DeviceChoice {
  const list = find<HTMLSelectElement>('device');
  const note = find('device-note');
  const cores = availableThreads();
  const option = (value: string, text: string) => make('option', { value }, text);
  const gpu = option('webgpu', 'WebGPU');
  gpu.disabled = true;
  const threads = cores > 1 ? [option('wasm', `WebAssembly, ${cores} threads`)] : [];
  list.replaceChildren(gpu, ...threads, option(cores > 1 ? 'wasm-1' : 'wasm', 'WebAssembly, 1 thread'));
  list.value = 'wasm';
  const reason = whyOneThread();
  const threadNote = reason === null ? [] : [`Training has one thread of WebAssembly: ${reason}.`];
  const lines = [...threadNote];
  const show = () => note.replaceChildren(...lines.map((line) => make('span', {}, `${line} `)));
  show();
  findGpu().then((found) => {
    gpu.disabled = found.kind === 'none';
    if (found.kind === 'none') lines.push(`No WebGPU: ${found.reason}.`);
    else gpu.textContent = `WebGPU (${found.name}${found.kind === 'software' ? ', played by software' : ''})`;
    // Only where the user has not chosen meanwhile.
    if (found.kind === 'hardware' && list.dataset.chosen === undefined) list.value = 'webgpu';
    show();
  });
  list.addEventListener('change', () => {
    list.dataset.chosen = '';
  });
  const attempt = find<HTMLButtonElement>('try-devices');
  attempt.addEventListener('click', async () => {
    attempt.disabled = true;
    note.textContent = 'Trying each device: their runtimes are fetched …';
    try {
      const { devices, versions } = await (await jobs()).call('diagnose', null);
      const words = devices.map(
        ({ device, works, reason }) =>
          `${device === 'webgpu' ? 'WebGPU' : 'WebAssembly'} ${works ? 'works' : 'does not work'}: ${forPage(reason)}.`,
      );
      note.textContent = [...words, `ONNX Runtime ${versions.onnxruntime}, ${versions.runtime}.`, ...threadNote].join(
        ' ',
      );
    } catch (error) {
      note.textContent = failure(error);
    }
    attempt.disabled = false;
  });
  return {
    device: () => (list.value === 'webgpu' ? 'webgpu' : 'wasm'),
    threads: () => (list.value === 'wasm-1' ? 1 : cores),
  };
}
