import type { Batch } from '../../core/batch.ts';
import type { ExampleOutput } from '../../onnx/lossHead.ts';
import { labelsInput } from '../../onnx/lossHead.ts';
import type { DeviceOptions, Scores } from '../engine.ts';
import { type OrtTensor, openSession, toOrt } from './session.ts';

/** A score graph as bytes, and how to feed it. */
export interface ScoringModel {
  readonly bytes: Uint8Array;
  /** The inputs that take the examples, in the order of a batch's tensors. */
  readonly inputs: readonly string[];
  readonly outputs: readonly ExampleOutput[];
}

/** What runs in the thread of a scorer. */
export interface ScoringWork {
  score(batch: Batch, weights?: Readonly<Record<string, OrtTensor>>): Promise<Scores>;
  release(): Promise<void>;
}

export async function openScoringWork(model: ScoringModel, device: DeviceOptions): Promise<ScoringWork> {
  const session = await openSession(model.bytes, device);
  const fetches = Object.fromEntries(model.outputs.map((output) => [output, null]));
  return {
    async score(batch, weights = {}) {
      const results = await session.run({ ...feedsOf(batch, model.inputs), ...weights }, fetches);
      return Object.fromEntries(model.outputs.map((output) => [output, results[output]!.data])) as unknown as Scores;
    },
    release: () => session.release(),
  };
}

/** The feeds that a batch makes: its tensors by input name, and the labels. */
export function feedsOf(batch: Batch, inputs: readonly string[]): Record<string, OrtTensor> {
  const feeds = Object.fromEntries(inputs.map((input, index) => [input, toOrt(batch.inputs[index]!)]));
  feeds[labelsInput] = toOrt({ dtype: 'int32', dims: [batch.labels.length], data: batch.labels });
  return feeds;
}
