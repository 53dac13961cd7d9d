import type { Batch } from '../../core/batch.ts';
import type { Tensor } from '../../core/tensor.ts';
import { arranged, type FilterLayout } from '../../onnx/blocked/layout.ts';
import type { QuantisedInput } from '../../onnx/quantised/weightWriter.ts';
import type { DeviceOptions, Scores } from '../engine.ts';

import { quantisedInMemory } from './quantisedInMemory.ts';
import { openScoringWork, type ScoringModel } from './scoringWork.ts';
import { type OrtRecord, type Sharing, toOrt } from './session.ts';

/** A score graph whose weights are set again and again; plain data. */
export interface RefreshedModel {
  readonly scoring: ScoringModel;
  /** Initialisers that the graph is fed with in float32. */
  readonly fed: readonly string[];
  /** The layouts of those that are not plain, and the block of these. */
  readonly layouts: Readonly<Record<string, FilterLayout>>;
  readonly block: number | undefined;
  /** Inputs in 8 bits that are made from initialisers. */
  readonly quantised: readonly QuantisedInput[];
  /** Initialisers that are written into the bytes of the graph, and where; any at all: the session is built anew. */
  readonly written: Readonly<Record<string, number>>;
}

/** What runs in the thread of a refreshed scorer. */
export interface RefreshedWork {
  setWeights(weights: Readonly<Record<string, Tensor>>): Promise<void>;
  score(batch: Batch): Promise<Scores>;
  release(): Promise<void>;
}

export async function openRefreshedWork(
  model: RefreshedModel,
  device: DeviceOptions,
  sharing: Sharing,
): Promise<RefreshedWork> {
  const { scoring, fed, layouts, block } = model;
  const written = Object.entries(model.written);
  let work = await openScoringWork(scoring, device, sharing);
  const quantised = quantisedInMemory(model.quantised);
  let floats: OrtRecord = {};

  const asFed = (name: string, tensor: Tensor) => {
    const layout = layouts[name];
    return toOrt(layout === undefined ? tensor : arranged(tensor, layout, block!));
  };
  return {
    async setWeights(weights) {
      quantised.refresh(weights);
      floats = Object.fromEntries(fed.map((name) => [name, asFed(name, weights[name]!)]));
      if (written.length === 0) return;
      for (const [name, at] of written) {
        const { data } = weights[name]!;
        scoring.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
      }
      await work.release();
      work = await openScoringWork(scoring, device, sharing);
    },
    score: (batch) => work.score(batch, { ...floats, ...quantised.tensors }),
    release: () => work.release(),
  };
}
