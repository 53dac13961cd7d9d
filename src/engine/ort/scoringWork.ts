import type { Batch } from '../../core/batch.ts';
import type { ExampleOutput } from '../../onnx/lossHead.ts';
import type { DeviceOptions, Scores } from '../engine.ts';
import { feedsOf, scoreInRuns } from '../scoreInRuns.ts';
import type { Held } from './held.ts';
import { productsOverflow } from './overflow.ts';
import { type OrtRecord, openSession, runForeign, type Sharing, toOrt } from './session.ts';

/** A score graph as bytes, and how to feed it. */
export interface ScoringModel {
  readonly bytes: Uint8Array;
  /** The inputs that take the examples, in the order of a batch's tensors. */
  readonly inputs: readonly string[];
  readonly outputs: readonly ExampleOutput[];
  /** A batch is cut into runs of at most so many examples. */
  readonly examplesPerRun: number;
  /** Whether it multiplies numbers of 8 bits. */
  readonly inEightBits: boolean;
  /** Whether a run takes exactly so many: a shorter one is filled up. */
  readonly exact: boolean;
}

/** What runs in the thread of a scorer. */
export interface ScoringWork {
  /** What is `moved` takes its next values from the graph, which has them among its outputs. */
  score(batch: Batch, weights?: OrtRecord, moved?: Held): Promise<Scores>;
  release(): Promise<void>;
}

/** Loads a score graph; its outputs `stay` remain on the device. */
export async function openScoringWork(
  model: ScoringModel,
  device: DeviceOptions,
  sharing?: Sharing,
  stay?: readonly string[],
): Promise<ScoringWork> {
  const exactProducts = model.inEightBits && (await productsOverflow());
  const session = await openSession(model.bytes, device, sharing, { exactProducts }, stay);
  const fetches = Object.fromEntries(model.outputs.map((output) => [output, null]));
  return {
    score: (batch, weights = {}, moved) =>
      scoreInRuns(batch, model.outputs, model, async (part) => {
        const feeds = { ...feedsOf(part, model.inputs, toOrt), ...weights };
        const results = await runForeign(session, feeds, { ...fetches, ...moved?.fetches() }, part.labels.length);
        moved?.move(results);
        return model.outputs.map((output) => results[output]!.data as Float32Array);
      }),
    release: () => session.release(),
  };
}
