import { allocate } from '../../core/tensor.ts';
import { nextOf } from '../../onnx/trainingGraph.ts';
import { type Fetches, type OrtRecord, type OrtTensor, toOrt } from './session.ts';

/** Tensors that a graph takes as inputs and gives the next values of, and where they are kept from run to run. */
export interface Held {
  /** As they are now; only good until the next move. */
  current(): OrtRecord;
  /** The outputs of the graph that are their next values. */
  fetches(): Fetches;
  /** Makes the next values, which a run gave, the present ones. */
  move(results: OrtRecord): void;
  /** Gives up what is kept off the memory of this thread. */
  release(): void;
}

/** What keeps tensors, given their first values. */
export type Hold = (initial: OrtRecord) => Held;

/** Two sets of buffers swap roles: present values are read until the end of a run. */
export const holdTwice: Hold = (initial) => {
  const emptied = ({ dims }: OrtTensor) => toOrt({ dtype: 'float32', dims, data: allocate('float32', dims) });
  let current = initial;
  let next: OrtRecord = Object.fromEntries(Object.entries(initial).map(([name, tensor]) => [name, emptied(tensor)]));
  return {
    current: () => current,
    fetches: () => nextOnes(next),
    move() {
      [current, next] = [next, current];
    },
    release() {},
  };
};

/** Next values are written over the present ones: for tensors that only the node reads that makes their next values. */
export const holdInPlace: Hold = (initial) => ({
  current: () => initial,
  fetches: () => nextOnes(initial),
  move() {},
  release() {},
});

/** Next values stay on the device, where a session was opened to leave them there, and are fed from there. */
export const holdOnDevice: Hold = (initial) => {
  let current = initial;
  const release = () => {
    for (const tensor of Object.values(current)) if (tensor.location !== 'cpu') tensor.dispose();
  };
  return {
    current: () => current,
    fetches: () => Object.fromEntries(Object.keys(initial).map((name) => [nextOf(name), null])),
    move(results) {
      release();
      current = Object.fromEntries(Object.keys(initial).map((name) => [name, results[nextOf(name)]!]));
    },
    release,
  };
};

/** Tensors by the outputs that are to be written into them. */
function nextOnes(tensors: OrtRecord): OrtRecord {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [nextOf(name), tensor]));
}
