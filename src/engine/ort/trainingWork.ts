import type { Batch } from '../../core/batch.ts';
import { allocate, float32, type Tensor } from '../../core/tensor.ts';
import { arranged, type FilterLayout, rearranged } from '../../onnx/blocked/layout.ts';
import { type OptimizerOptions, optimizerOf } from '../../onnx/optimizer.ts';
import type { DropoutMask } from '../../onnx/trainingForm.ts';
import { type FedTensor, nextOf, trainingOutputs } from '../../onnx/trainingGraph.ts';
import type { Parameter } from '../../onnx/trainStep.ts';
import { dropoutMasks } from '../dropoutMasks.ts';
import type { DeviceOptions, Scores, StepResult, TrainerState } from '../engine.ts';
import { feedsOf, openScoringWork, type ScoringModel } from './scoringWork.ts';
import { type OrtTensor, openSession, toOrt } from './session.ts';

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

export async function openTrainingWork(model: TrainingModel, device: DeviceOptions): Promise<TrainingWork> {
  const session = await openSession(model.bytes, device);
  const scoring = await openScoringWork(model.scoring, device);
  const observing = model.observing && (await openScoringWork(model.observing, device));
  const named = (tensors: readonly FedTensor[]) => tensors.map(({ name }) => name);
  const optimizer = optimizerOf(model.optimizer);
  // Weights are read until the end of a step, so two sets of buffers swap roles; what the optimiser keeps is read
  // by the one node that makes its next value, which may therefore take its place.
  const keptNames = model.parameters.flatMap(({ state }) => state);
  const kept = buffers(model, keptNames, model.state.tensors);
  let weights = buffers(model, named(model.parameters), model.state.tensors);
  let nextWeights = buffers(model, named(model.parameters), {});
  let averages = buffers(model, named(model.averages), model.state.tensors);
  let nextAverages = buffers(model, named(model.averages), {});
  // What scoring and a saved model need.
  const current = () => ({ ...weights, ...averages });
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
      const scalars = scalarsOf(optimizer.scalarsAt(step + 1, learningRate));
      const feeds = { ...feedsOf(batch, model.inputs), ...masksAt(step), ...scalars, ...current(), ...kept };
      const told = Object.fromEntries(trainingOutputs.map((name) => [name, null]));
      const moved = observing === null ? nextAverages : {};
      const results = await session.run(feeds, { ...told, ...nextOnes({ ...nextWeights, ...kept, ...moved }) });
      [weights, nextWeights] = [nextWeights, weights];
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
      tensors: copies(model, { ...current(), ...kept }),
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

type OrtRecord = Readonly<Record<string, OrtTensor>>;

/** Tensors by the outputs that are to be written into them. */
function nextOnes(tensors: OrtRecord): OrtRecord {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [nextOf(name), tensor]));
}

/** A tensor for each name, the shape being that of its parameter: the one known, else zeros. */
function buffers(
  { parameters, averages, layouts, block }: TrainingModel,
  names: readonly string[],
  known: TrainerState['tensors'],
): OrtRecord {
  const dimsOf = new Map([
    ...parameters.flatMap(({ name, state, dims }) => [name, ...state].map((key) => [key, dims] as const)),
    ...averages.map(({ name, dims }) => [name, dims] as const),
  ]);
  return Object.fromEntries(
    names.map((name) => {
      const dims = dimsOf.get(name)!;
      const tensor = known[name];
      if (tensor === undefined) return [name, toOrt({ dtype: 'float32', dims, data: allocate('float32', dims) })];
      const layout = layouts[name];
      return [name, toOrt(layout === undefined ? tensor : arranged(tensor, layout, block!))];
    }),
  );
}

function toOrtRecord(tensors: Readonly<Record<string, Tensor>>): OrtRecord {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]));
}

function scalarsOf(values: Readonly<Record<string, number>>): OrtRecord {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toOrt(float32([value], []))]));
}

/** Plain copies of tensors. */
function copies({ layouts, block }: TrainingModel, tensors: OrtRecord): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dims, data }]) => {
      const tensor: Tensor = { dtype: 'float32', dims, data: data as Float32Array };
      const layout = layouts[name];
      return [
        name,
        layout === undefined ? { ...tensor, data: tensor.data.slice() } : rearranged(tensor, layout, block!),
      ];
    }),
  );
}
