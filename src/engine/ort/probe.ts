import { GraphBuilder } from '../../onnx/builder.ts';
import { int } from '../../onnx/graph.ts';
import type { Device } from '../engine.ts';
import { openScorer } from './openScorer.ts';

/** Whether a device works, and why not. */
export interface DeviceReport {
  readonly device: Device;
  readonly works: boolean;
  readonly reason: string;
}

/** Scores two examples with a tiny model on each device, in a thread of its own. */
export async function probeDevices(devices: readonly Device[]): Promise<readonly DeviceReport[]> {
  const reports: DeviceReport[] = [];
  for (const device of devices) reports.push(await probe(device));
  return reports;
}

async function probe(device: Device): Promise<DeviceReport> {
  const b = new GraphBuilder('probe');
  b.input({ name: 'input', dtype: 'float32', dims: ['batch', 3] });
  b.output(b.node('Flatten', ['input'], { axis: int(1) }), 'logits');
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
    const right = loss.every((value) => Math.abs(value - Math.log(3)) < 1e-4);
    const ms = Math.round(performance.now() - began);
    return { device, works: right, reason: right ? `scored in ${ms} ms, loading included` : `wrong loss ${loss[0]}` };
  } catch (error) {
    return { device, works: false, reason: (error as Error).message };
  }
}
