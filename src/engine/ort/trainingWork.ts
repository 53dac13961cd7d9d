import type { Batch } from '../../core/batch.ts';
import { randomStream } from '../../core/random.ts';
import { allocate, elementCount, float32, type Tensor } from '../../core/tensor.ts';
import { type OptimizerOptions, optimizerOf } from '../../onnx/optimizer.ts';
import type { DropoutMask } from '../../onnx/trainingForm.ts';
import { type FedTensor, nextOf, trainingOutputs } from '../../onnx/trainingGraph.ts';
import type { Parameter } from '../../onnx/trainStep.ts';
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
  readonly scoring: ScoringModel;
  readonly optimizer: OptimizerOptions;
  /** Seeds the dropout masks. */
  readonly seed: number;
  /** Weights, and what the optimiser keeps where training goes on. */
  readonly state: TrainerState;
}

/** What runs in the thread of a trainer. */
export interface TrainingWork {
  score(batch: Batch): Promise<Scores>;
  step(batch: Batch, learningRate: number): Promise<StepResult>;
  state(): TrainerState;
  weights(): Readonly<Record<string, Tensor>>;
  release(): Promise<void>;
}

export async function openTrainingWork(model: TrainingModel, device: DeviceOptions): Promise<TrainingWork> {
  const session = await openSession(model.bytes, device);
  const scoring = await openScoringWork(model.scoring, device);
  // What scoring and a saved model need: parameters and running averages.
  const weightNames = [...model.parameters, ...model.averages].map(({ name }) => name);
  const keptNames = model.parameters.flatMap(({ state }) => state);
  const optimizer = optimizerOf(model.optimizer);
  // Weights are read until the end of a step, so two sets of buffers swap roles; what the optimiser keeps is read
  // by the one node that makes its next value, which may therefore take its place.
  const kept = buffers(model, keptNames, model.state.tensors);
  let weights = buffers(model, weightNames, model.state.tensors);
  let nextWeights = buffers(model, weightNames, {});
  let step = model.state.step;

  return {
    score: (batch) => scoring.score(batch, weights),
    async step(batch, learningRate) {
      const scalars = scalarsOf(optimizer.scalarsAt(step + 1, learningRate));
      const feeds = { ...feedsOf(batch, model.inputs), ...masksOf(model, step), ...scalars, ...weights, ...kept };
      const fetches: Record<string, OrtTensor | null> = Object.fromEntries(trainingOutputs.map((name) => [name, null]));
      for (const [name, tensor] of Object.entries({ ...nextWeights, ...kept })) fetches[nextOf(name)] = tensor;
      const results = await session.run(feeds, fetches);
      [weights, nextWeights] = [nextWeights, weights];
      step += 1;
      return {
        meanLoss: Number(results.meanLoss!.data[0]),
        loss: results.loss!.data as Float32Array,
        predicted: results.predicted!.data as Int32Array,
      };
    },
    state: () => ({ step, tensors: copies({ ...weights, ...kept }) }),
    weights: () => copies(weights),
    async release() {
      await session.release();
      await scoring.release();
    },
  };
}

type OrtRecord = Readonly<Record<string, OrtTensor>>;

/** A tensor for each name, the shape being that of its parameter: the one known, else zeros. */
function buffers(
  { parameters, averages }: TrainingModel,
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
      return [name, toOrt(known[name] ?? { dtype: 'float32', dims, data: allocate('float32', dims) })];
    }),
  );
}

function masksOf({ masks, seed }: TrainingModel, step: number): OrtRecord {
  return Object.fromEntries(
    masks.map(({ name, dims, ratio }) => {
      const random = randomStream(seed, `dropout/${name}/${step}`);
      const data = new Float32Array(elementCount(dims));
      const kept = 1 / (1 - ratio);
      for (let i = 0; i < data.length; i++) data[i] = random.unit() < ratio ? 0 : kept;
      return [name, toOrt({ dtype: 'float32', dims, data })];
    }),
  );
}

function scalarsOf(values: Readonly<Record<string, number>>): OrtRecord {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toOrt(float32([value], []))]));
}

function copies(tensors: OrtRecord): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dims, data }]) => [
      name,
      { dtype: 'float32', dims, data: (data as Float32Array).slice() },
    ]),
  );
}
