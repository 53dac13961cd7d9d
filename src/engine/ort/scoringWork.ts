import { type Batch, sliceBatch } from '../../core/batch.ts';
import type { ExampleOutput } from '../../onnx/lossHead.ts';
import { labelsInput } from '../../onnx/lossHead.ts';
import type { DeviceOptions, Scores } from '../engine.ts';
import { type OrtTensor, openSession, type Sharing, toOrt } from './session.ts';

/** A score graph as bytes, and how to feed it. */
export interface ScoringModel {
  readonly bytes: Uint8Array;
  /** The inputs that take the examples, in the order of a batch's tensors. */
  readonly inputs: readonly string[];
  readonly outputs: readonly ExampleOutput[];
  /** A batch is cut into runs of at most so many examples. */
  readonly examplesPerRun: number;
}

/** What runs in the thread of a scorer. */
export interface ScoringWork {
  /** Outputs named in `written` are written in place. */
  score(
    batch: Batch,
    weights?: Readonly<Record<string, OrtTensor>>,
    written?: Readonly<Record<string, OrtTensor>>,
  ): Promise<Scores>;
  release(): Promise<void>;
}

export async function openScoringWork(
  model: ScoringModel,
  device: DeviceOptions,
  sharing?: Sharing,
): Promise<ScoringWork> {
  const { examplesPerRun } = model;
  const session = await openSession(model.bytes, device, sharing);
  const fetches = Object.fromEntries(model.outputs.map((output) => [output, null]));
  return {
    async score(batch, weights = {}, written = {}) {
      const count = batch.labels.length;
      const scores = Object.fromEntries(model.outputs.map((output) => [output, allocateOutput(output, count)]));
      for (let from = 0; from < count; from += examplesPerRun) {
        const part = count <= examplesPerRun ? batch : sliceBatch(batch, from, from + examplesPerRun);
        const results = await session.run({ ...feedsOf(part, model.inputs), ...weights }, { ...fetches, ...written });
        for (const output of model.outputs) scores[output]!.set(results[output]!.data as Float32Array, from);
      }
      return scores as unknown as Scores;
    },
    release: () => session.release(),
  };
}

function allocateOutput(output: ExampleOutput, count: number): Float32Array | Int32Array {
  return output === 'predicted' ? new Int32Array(count) : new Float32Array(count);
}

/** The feeds that a batch makes: its tensors by input name, and the labels. */
export function feedsOf(batch: Batch, inputs: readonly string[]): Record<string, OrtTensor> {
  const feeds = Object.fromEntries(inputs.map((input, index) => [input, toOrt(batch.inputs[index]!)]));
  feeds[labelsInput] = toOrt({ dtype: 'int32', dims: [batch.labels.length], data: batch.labels });
  return feeds;
}
