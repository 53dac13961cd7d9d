import { type Device, devices, type Engine, tfBackends } from './engine.ts';

/** What can be asked for: `auto` and `tfjs` leave a choice. */
export type EngineName = Engine | 'auto' | 'tfjs';

export const engineNames: readonly EngineName[] = [
  'auto',
  'onnx',
  'tfjs',
  ...tfBackends.map((backend) => `tfjs:${backend}` as const),
];

/** What can be asked for: `auto` leaves the choice. */
export type DeviceName = Device | 'auto';
export const deviceNames: readonly DeviceName[] = ['auto', ...devices];
