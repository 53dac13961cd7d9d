import type { Batch } from '../../core/batch.ts';
import { randomStream } from '../../core/random.ts';
import { allocate, elementCount, type Tensor } from '../../core/tensor.ts';
import { type AdamwOptions, adamwScalars } from '../../onnx/adamw.ts';
import type { DropoutMask } from '../../onnx/trainingForm.ts';
import { nextOf, type Parameter, trainStepOutputs } from '../../onnx/trainStep.ts';
import type { DeviceOptions, Scores, StepResult, TrainerState } from '../engine.ts';
import { feedsOf, openScoringWork, type ScoringModel } from './scoringWork.ts';
import { type OrtTensor, openSession, toOrt } from './session.ts';

/** A train-step graph and the score graph of the same model, whose weights are inputs of both. */
export interface TrainingModel {
  readonly bytes: Uint8Array;
  readonly inputs: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly masks: readonly DropoutMask[];
  readonly scoring: ScoringModel;
  readonly optimizer: AdamwOptions;
  /** Seeds the dropout masks. */
  readonly seed: number;
  /** Weights, and moments where training goes on. */
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
  const tensors = allocateState(model);
  // Two sets of buffers swap roles: a step reads one and writes the other, and nothing is copied.
  let current = toOrtRecord(tensors.current);
  let next = toOrtRecord(tensors.next);
  let step = model.state.step;
  const weightNames = model.parameters.map(({ name }) => name);

  return {
    score: (batch) => scoring.score(batch, pick(current, weightNames)),
    async step(batch, learningRate) {
      const feeds = { ...feedsOf(batch, model.inputs), ...current, ...masksOf(model, step) };
      const scalars = adamwScalars(step + 1, { ...model.optimizer, learningRate });
      const fetches: Record<string, OrtTensor | null> = Object.fromEntries(
        trainStepOutputs.map((name) => [name, null]),
      );
      for (const [name, tensor] of Object.entries(next)) fetches[nextOf(name)] = tensor;
      const results = await session.run({ ...feeds, ...toOrtRecord(scalars) }, fetches);
      [current, next] = [next, current];
      step += 1;
      return {
        meanLoss: Number(results.meanLoss!.data[0]),
        loss: results.loss!.data as Float32Array,
        predicted: results.predicted!.data as Int32Array,
      };
    },
    state: () => ({ step, tensors: copies(current) }),
    weights: () => copies(pick(current, weightNames)),
    async release() {
      await session.release();
      await scoring.release();
    },
  };
}

type TensorRecord = Record<string, Tensor>;

function allocateState({ parameters, state }: TrainingModel): { current: TensorRecord; next: TensorRecord } {
  const names = parameters.flatMap(({ name, moments, dims }) => [name, ...moments].map((key) => ({ key, dims })));
  const zeros = (dims: readonly number[]): Tensor => ({ dtype: 'float32', dims, data: allocate('float32', dims) });
  return {
    current: Object.fromEntries(names.map(({ key, dims }) => [key, state.tensors[key] ?? zeros(dims)])),
    next: Object.fromEntries(names.map(({ key, dims }) => [key, zeros(dims)])),
  };
}

function masksOf({ masks, seed }: TrainingModel, step: number): Record<string, OrtTensor> {
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

function toOrtRecord(tensors: Readonly<Record<string, Tensor>>): Record<string, OrtTensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]));
}

function pick(tensors: Readonly<Record<string, OrtTensor>>, names: readonly string[]): Record<string, OrtTensor> {
  return Object.fromEntries(names.map((name) => [name, tensors[name]!]));
}

function copies(tensors: Readonly<Record<string, OrtTensor>>): TensorRecord {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dims, data }]) => [
      name,
      { dtype: 'float32', dims, data: (data as Float32Array).slice() },
    ]),
  );
}
