import type { Batch } from '../../core/batch.ts';
import { allocate, type Tensor } from '../../core/tensor.ts';
import type { FilterLayout } from '../../onnx/blocked/layout.ts';
import type { OptimizerOptions } from '../../onnx/optimizer.ts';
import type { DropoutMask } from '../../onnx/trainingForm.ts';
import { type FedTensor, trainingOutputs } from '../../onnx/trainingGraph.ts';
import type { Parameter } from '../../onnx/trainStep.ts';
import { dropoutMasks } from '../dropoutMasks.ts';
import type { DeviceOptions, Scores, StepResult, TrainerState } from '../engine.ts';
import { feedsOf } from '../scoreInRuns.ts';
import { copies, initial, nextOnes, type OrtRecord, updatedInGraph } from './parameters.ts';
import { openScoringWork, type ScoringModel } from './scoringWork.ts';
import { openSession, toOrt } from './session.ts';
import { updatedInMemory } from './updatedInMemory.ts';

/** A train-step graph and the score graph of the same model, whose weights are inputs of both. */
export interface TrainingModel {
  readonly bytes: Uint8Array;
  readonly inputs: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly masks: readonly DropoutMask[];
  readonly averages: readonly FedTensor[];
  /** The layouts of inputs and outputs that are not plain, and the block of those. */
  readonly layouts: Readonly<Record<string, FilterLayout>>;
  readonly block: number | undefined;
  /** Whether the graph leaves the update of the parameters to the thread. */
  readonly gradientsOnly: boolean;
  readonly scoring: ScoringModel;
  /** Scores candidates and moves the running averages; null where the steps move them. */
  readonly observing: ScoringModel | null;
  readonly optimizer: OptimizerOptions;
  /** Seeds the dropout masks. */
  readonly seed: number;
  /** Weights, and what the optimiser keeps where training goes on. */
  readonly state: TrainerState;
}

/** What runs in the thread of a trainer. */
export interface TrainingWork {
  score(batch: Batch): Promise<Scores>;
  scoreCandidates(batch: Batch): Promise<Scores>;
  step(batch: Batch, learningRate: number): Promise<StepResult>;
  state(): TrainerState;
  weights(): Readonly<Record<string, Tensor>>;
  release(): Promise<void>;
}

/** Its sessions take turns on the same cores. */
const sharing = { spins: false };

export async function openTrainingWork(model: TrainingModel, device: DeviceOptions): Promise<TrainingWork> {
  const session = await openSession(model.bytes, device, sharing);
  const scoring = await openScoringWork(model.scoring, device, sharing);
  const observing = model.observing && (await openScoringWork(model.observing, device, sharing));
  const parameters = model.gradientsOnly ? updatedInMemory(model) : updatedInGraph(model);
  let averages = averagesOf(model, (name, dims) => initial(model, name, dims));
  let nextAverages = averagesOf(model, (_, dims) => ({ dtype: 'float32', dims, data: allocate('float32', dims) }));
  // What scoring and a saved model need.
  const current = () => ({ ...parameters.weights(), ...averages });
  const moveAverages = () => {
    [averages, nextAverages] = [nextAverages, averages];
  };
  let step = model.state.step;
  const masksAt = (step: number) => toOrtRecord(dropoutMasks(model.masks, model.seed, step));

  return {
    score: (batch) => scoring.score(batch, current()),
    async scoreCandidates(batch) {
      if (observing === null) return scoring.score(batch, current());
      const scores = await observing.score(batch, current(), nextOnes(nextAverages));
      moveAverages();
      return scores;
    },
    async step(batch, learningRate) {
      const rest = parameters.feeds(step + 1, learningRate);
      const feeds = { ...feedsOf(batch, model.inputs, toOrt), ...masksAt(step), ...rest, ...current() };
      const told = Object.fromEntries(trainingOutputs.map((name) => [name, null]));
      const moved = observing === null ? nextOnes(nextAverages) : {};
      const results = await session.run(feeds, { ...told, ...parameters.fetches(), ...moved });
      parameters.finish(step + 1, learningRate);
      if (observing === null) moveAverages();
      step += 1;
      return {
        meanLoss: Number(results.meanLoss!.data[0]),
        loss: results.loss!.data as Float32Array,
        predicted: results.predicted!.data as Int32Array,
      };
    },
    state: () => ({
      step,
      tensors: copies(model, { ...current(), ...parameters.kept() }),
      ...(model.block !== undefined && { block: model.block }),
    }),
    weights: () => copies(model, current()),
    async release() {
      await session.release();
      await scoring.release();
      await observing?.release();
    },
  };
}

function averagesOf({ averages }: TrainingModel, tensor: (name: string, dims: readonly number[]) => Tensor): OrtRecord {
  return Object.fromEntries(averages.map(({ name, dims }) => [name, toOrt(tensor(name, dims))]));
}

function toOrtRecord(tensors: Readonly<Record<string, Tensor>>): OrtRecord {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]));
}
