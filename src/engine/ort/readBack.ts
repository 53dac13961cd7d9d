import { GraphBuilder } from '../../onnx/builder.ts';
import { writeModel } from '../../onnx/model.ts';
import type { DeviceOptions } from '../engine.ts';
import { type OrtRecord, openSession } from './session.ts';

/**
 * Tensors of a trainer in the memory of this thread. Those on a device come through a graph that does nothing: asking such a
 * tensor itself for its data ends the process with ONNX Runtime 1.30.0 in Node.
 */
export async function readBack(tensors: OrtRecord, device: DeviceOptions): Promise<OrtRecord> {
  const away = Object.entries(tensors).filter(([, { location }]) => location !== 'cpu');
  if (away.length === 0) return tensors;
  const b = new GraphBuilder('read-back');
  for (const [name, { dims }] of away) b.input({ name, dtype: 'float32', dims });
  for (const [name] of away) b.output(b.node('Identity', [name]), copyOf(name));
  const session = await openSession(writeModel(b.build()), device);
  try {
    const fetches = Object.fromEntries(away.map(([name]) => [copyOf(name), null]));
    const results = await session.run(Object.fromEntries(away), fetches);
    return { ...tensors, ...Object.fromEntries(away.map(([name]) => [name, results[copyOf(name)]!])) };
  } finally {
    await session.release();
  }
}

function copyOf(name: string): string {
  return `${name}/copy`;
}
