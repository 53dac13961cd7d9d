import { GraphBuilder } from '../../onnx/builder.ts';
import { int } from '../../onnx/graph.ts';
import type { Device } from '../engine.ts';
import { openScorer } from './openScorer.ts';
import { whatWorks } from './runtimes.ts';
import { isSoftwareGpu } from './softwareGpu.ts';

/** Whether a device works, and why not. */
export interface DeviceReport {
  readonly device: Device;
  readonly works: boolean;
  /** Whether its GPU is played by software: such a device is used where it is named, and never chosen. */
  readonly software: boolean;
  readonly reason: string;
}

/** Tries devices one after another. */
export async function probeDevices(devices: readonly Device[]): Promise<readonly DeviceReport[]> {
  const reports: DeviceReport[] = [];
  for (const device of devices) reports.push(await probeDevice(device));
  return reports;
}

/** Scores two examples with a tiny model on a device, in a thread of its own that is gone afterwards. */
export async function probeDevice(device: Device): Promise<DeviceReport> {
  const b = new GraphBuilder('probe');
  b.input({ name: 'input', dtype: 'float32', dims: ['batch', 3] });
  b.output(b.node('Flatten', ['input'], { axis: int(1) }), 'logits');
  const software = device === 'webgpu' && (await isSoftwareGpu());
  const began = performance.now();
  try {
    const scorer = await openScorer(b.build(), {
      name: 'probe',
      stored: [{ dtype: 'float32', dims: [3] }],
      preprocessing: { kind: 'none' },
      device,
      threads: 1,
      outputs: ['loss'],
    });
    const inputs = [{ dtype: 'float32' as const, dims: [2, 3], data: Float32Array.of(0, 0, 0, 1, 1, 1) }];
    const { loss } = await scorer.score({ inputs, labels: Int32Array.of(0, 1) }).finally(() => scorer.close());
    if (!loss.every((value) => Math.abs(value - Math.log(3)) < 1e-4))
      return {
        device,
        works: false,
        software,
        reason: `it computes a wrong loss, ${loss[0]} in place of ${Math.log(3)}`,
      };
    const ms = Math.round(performance.now() - began);
    const played = software ? '; its GPU is played by software, so only --device webgpu takes it' : '';
    return { device, works: true, software, reason: `scored in ${ms} ms, loading included${played}` };
  } catch (error) {
    const reason = (error as Error).message
      .replace(`Cannot use the device "${device}": `, '')
      .replace(`; ${whatWorks}`, '');
    return { device, works: false, software: false, reason };
  }
}
