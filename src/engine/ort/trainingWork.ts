import type { Batch } from '../../core/batch.ts';
import { countNan } from '../../core/selection.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { FilterLayout } from '../../onnx/blocked/layout.ts';
import type { OptimizerOptions } from '../../onnx/optimizer.ts';
import { chosenOutput, irreducibleInput, ofCandidates } from '../../onnx/selectStep.ts';
import type { DropoutMask } from '../../onnx/trainingForm.ts';
import { type FedTensor, nextOf, trainingOutputs } from '../../onnx/trainingGraph.ts';
import type { Parameter } from '../../onnx/trainStep.ts';
import { dropoutMasks } from '../dropoutMasks.ts';
import type { DeviceOptions, Scores, SelectedStepResult, StepResult, TrainerState } from '../engine.ts';
import { feedsOf } from '../scoreInRuns.ts';
import { type Held, holdInPlace, holdOnDevice, holdTwice } from './held.ts';
import { copies, initial, type Parameters, plain, updatedInGraph } from './parameters.ts';
import { readBack } from './readBack.ts';
import { openRefreshedWork, type RefreshedModel } from './refreshedWork.ts';
import { openScoringWork, type ScoringModel } from './scoringWork.ts';
import { type OrtRecord, openSession, type Session, toOrt } from './session.ts';
import { updatedInMemory } from './updatedInMemory.ts';

/** A train-step graph and the score graph of the same model, whose weights are inputs of both. */
export interface TrainingModel {
  readonly bytes: Uint8Array;
  readonly inputs: readonly string[];
  readonly smallBatch: number;
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
  /** What candidates are scored with in place of `scoring`; null for that itself. */
  readonly cheap: RefreshedModel | null;
  /** The select-step graph, which takes the place of the train step; null where candidates are chosen outside. */
  readonly selecting: Uint8Array | null;
  readonly optimizer: OptimizerOptions;
  /** Seeds the dropout masks. */
  readonly seed: number;
  /** Weights, and what the optimiser keeps where training goes on. */
  readonly state: TrainerState;
}

/** Candidates, their irreducible losses or null, and how far to step. */
export interface SelectedStep {
  readonly candidates: Batch;
  readonly irreducible: Float32Array | null;
  readonly learningRate: number;
}

/** What runs in the thread of a trainer. */
export interface TrainingWork {
  score(batch: Batch): Promise<Scores>;
  scoreCandidates(batch: Batch): Promise<Scores>;
  step(batch: Batch, learningRate: number): Promise<StepResult>;
  selectAndStep(step: SelectedStep): Promise<SelectedStepResult>;
  state(): Promise<TrainerState>;
  weights(): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

/** Its sessions take turns on the same cores. */
const sharing = { spins: false };

export async function openTrainingWork(model: TrainingModel, device: DeviceOptions): Promise<TrainingWork> {
  const staysOnDevice = device.device === 'webgpu';
  const namesOf = (tensors: readonly FedTensor[]) => tensors.map(({ name }) => name);
  const moving = staysOnDevice ? namesOf(model.averages).map(nextOf) : [];
  const stepping = staysOnDevice
    ? [...moving, ...model.parameters.flatMap(({ name, state }) => [name, ...state].map(nextOf))]
    : [];
  const openStep = (bytes: Uint8Array) => openSession(bytes, device, sharing, undefined, stepping);
  const { selecting: selectBytes } = model;
  const selecting = selectBytes && (await openStep(selectBytes));
  // Beside a graph that chooses, the plain one may never be asked for.
  let unselecting: Session | null = selecting === null ? await openStep(model.bytes) : null;
  const scoring = await openScoringWork(model.scoring, device, sharing);
  const observing = model.observing && (await openScoringWork(model.observing, device, sharing, moving));
  const cheap = model.cheap && (await openRefreshedWork(model.cheap, device, sharing));
  const hold = staysOnDevice ? holdOnDevice : holdTwice;
  const parameters = parametersOf(model, staysOnDevice);
  const averages = hold(
    Object.fromEntries(model.averages.map(({ name, dims }) => [name, toOrt(initial(model, name, dims))])),
  );
  // What scoring and a saved model need.
  const current = () => ({ ...parameters.weights(), ...averages.current() });
  const moved: Held | null = observing === null ? averages : null;
  let step = model.state.step;

  /** Runs a graph that takes a step; what it gave is looked at by `check` before it counts. */
  const run = async (session: Session, fed: OrtRecord, told: readonly string[], rate: number, check = unchecked) => {
    const masks = toOrtRecord(dropoutMasks(model.masks, model.seed, step));
    const feeds = { ...fed, ...masks, ...parameters.feeds(step + 1, rate), ...current() };
    const fresh = Object.fromEntries([...trainingOutputs, ...told].map((name) => [name, null]));
    const results = await session.run(feeds, { ...fresh, ...parameters.fetches(), ...moved?.fetches() });
    check(results);
    parameters.finish(step + 1, rate, results);
    moved?.move(results);
    step += 1;
    return results;
  };

  return {
    score: (batch) => scoring.score(batch, current()),
    async scoreCandidates(batch) {
      if (observing !== null) return observing.score(batch, current(), averages);
      if (cheap === null) return scoring.score(batch, current());
      await cheap.setWeights(plain(model, await readBack(current(), device)));
      return cheap.score(batch);
    },
    async step(batch, learningRate) {
      unselecting ??= await openStep(model.bytes);
      return steppedBy(await run(unselecting, feedsOf(batch, model.inputs, toOrt), [], learningRate));
    },
    async selectAndStep({ candidates, irreducible, learningRate }) {
      const { outputs } = model.scoring;
      const examples = Object.entries(feedsOf(candidates, model.inputs, toOrt));
      const subtracted = irreducible ?? new Float32Array(candidates.labels.length);
      const told = [...outputs.map(ofCandidates), chosenOutput];
      const fed = {
        ...Object.fromEntries(examples.map(([name, tensor]) => [ofCandidates(name), tensor])),
        [irreducibleInput]: toOrt({ dtype: 'float32', dims: [subtracted.length], data: subtracted }),
      };
      const check = (results: OrtRecord) => {
        const losses = results[ofCandidates('loss')]!.data as Float32Array;
        countNan(
          losses.map((loss, i) => loss - subtracted[i]!),
          model.smallBatch,
        );
      };
      const results = await run(selecting!, fed, told, learningRate, check);
      const scores = Object.fromEntries(outputs.map((output) => [output, results[ofCandidates(output)]!.data]));
      return {
        ...steppedBy(results),
        scores: scores as unknown as Scores,
        chosen: Uint32Array.from(results[chosenOutput]!.data as Int32Array),
      };
    },
    async state() {
      const tensors = await readBack({ ...current(), ...parameters.kept() }, device);
      return { step, tensors: copies(model, tensors), ...(model.block !== undefined && { block: model.block }) };
    },
    weights: async () => copies(model, await readBack(current(), device)),
    async release() {
      // Tensors on a device go before the sessions that made them.
      parameters.release();
      averages.release();
      await selecting?.release();
      await unselecting?.release();
      await scoring.release();
      await observing?.release();
      await cheap?.release();
    },
  };
}

function unchecked(_results: OrtRecord): void {}

function parametersOf(model: TrainingModel, staysOnDevice: boolean): Parameters {
  if (model.gradientsOnly) return updatedInMemory(model);
  if (staysOnDevice) return updatedInGraph(model, holdOnDevice, holdOnDevice);
  // What the optimiser keeps is read by the one node that makes its next value, but a step that is refused leaves it alone.
  return updatedInGraph(model, holdTwice, model.selecting === null ? holdInPlace : holdTwice);
}

function steppedBy(results: OrtRecord): StepResult {
  return {
    meanLoss: Number(results.meanLoss!.data[0]),
    loss: results.loss!.data as Float32Array,
    predicted: results.predicted!.data as Int32Array,
  };
}

function toOrtRecord(tensors: Readonly<Record<string, Tensor>>): OrtRecord {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]));
}
