import { allocate, float32, type Tensor } from '../../core/tensor.ts';
import { arranged, rearranged } from '../../onnx/blocked/layout.ts';
import { optimizerOf } from '../../onnx/optimizer.ts';
import type { Hold } from './held.ts';
import { type Fetches, type OrtRecord, toOrt } from './session.ts';
import type { TrainingModel } from './trainingWork.ts';

/** Where a trainer has its parameters, with what the optimiser keeps for them, and how a step changes them. */
export interface Parameters {
  /** As they are now; the tensors are only good until the next step. */
  weights(): OrtRecord;
  kept(): OrtRecord;
  /** What the train-step graph is fed besides the weights at step 1, 2, … */
  feeds(step: number, learningRate: number): OrtRecord;
  /** The outputs of the train-step graph that the parameters ask for. */
  fetches(): Fetches;
  /** To be called when the graph has run, with what it gave. */
  finish(step: number, learningRate: number, results: OrtRecord): void;
  /** Gives up what is kept off the memory of this thread. */
  release(): void;
}

/** Parameters that the train-step graph itself updates, and how their values and what the optimiser keeps are held. */
export function updatedInGraph(model: TrainingModel, hold: Hold, holdKept: Hold): Parameters {
  const optimizer = optimizerOf(model.optimizer);
  const begin = (of: (parameter: TrainingModel['parameters'][number]) => readonly string[]) =>
    Object.fromEntries(
      model.parameters.flatMap((parameter) =>
        of(parameter).map((name) => [name, toOrt(initial(model, name, parameter.dims))]),
      ),
    );
  const kept = holdKept(begin(({ state }) => state));
  const weights = hold(begin(({ name }) => [name]));
  return {
    weights: weights.current,
    kept: kept.current,
    feeds(step, learningRate) {
      const scalars = Object.entries(optimizer.scalarsAt(step, learningRate));
      const fed = scalars.map(([name, value]) => [name, toOrt(float32([value], []))]);
      return { ...Object.fromEntries(fed), ...kept.current() };
    },
    fetches: () => ({ ...weights.fetches(), ...kept.fetches() }),
    finish(_step, _learningRate, results) {
      weights.move(results);
      kept.move(results);
    },
    release() {
      weights.release();
      kept.release();
    },
  };
}

/** The tensor that a trainer begins with, in the layout that its graph wants: zeros where none is known. */
export function initial({ state, layouts, block }: TrainingModel, name: string, dims: readonly number[]): Tensor {
  const known = state.tensors[name];
  if (known === undefined) return zeros(dims);
  const layout = layouts[name];
  return layout === undefined ? known : arranged(known, layout, block!);
}

/** Tensors in the layout of the model's file; those that are in it already are as good as they are until the next step. */
export function plain({ layouts, block }: TrainingModel, tensors: OrtRecord): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dims, data }]) => {
      const tensor: Tensor = { dtype: 'float32', dims, data: data as Float32Array };
      const layout = layouts[name];
      return [name, layout === undefined ? tensor : rearranged(tensor, layout, block!)];
    }),
  );
}

/** Copies of those. */
export function copies(model: TrainingModel, tensors: OrtRecord): Record<string, Tensor> {
  const entries = Object.entries(plain(model, tensors));
  return Object.fromEntries(
    entries.map(([name, tensor]) => [name, name in model.layouts ? tensor : { ...tensor, data: tensor.data.slice() }]),
  );
}

function zeros(dims: readonly number[]): Tensor {
  return { dtype: 'float32', dims, data: allocate('float32', dims) };
}
