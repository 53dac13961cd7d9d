import { allocate, float32, type Tensor } from '../../core/tensor.ts';
import { arranged, rearranged } from '../../onnx/blocked/layout.ts';
import { optimizerOf } from '../../onnx/optimizer.ts';
import { nextOf } from '../../onnx/trainingGraph.ts';
import { type OrtTensor, toOrt } from './session.ts';
import type { TrainingModel } from './trainingWork.ts';

export type OrtRecord = Readonly<Record<string, OrtTensor>>;

/** Where a trainer has its parameters, with what the optimiser keeps for them, and how a step changes them. */
export interface Parameters {
  /** As they are now; the tensors are only good until the next step. */
  weights(): OrtRecord;
  kept(): OrtRecord;
  /** What the train-step graph is fed besides the weights at step 1, 2, … */
  feeds(step: number, learningRate: number): OrtRecord;
  /** The outputs of the train-step graph that are written in place. */
  fetches(): OrtRecord;
  /** To be called when the graph has run. */
  finish(step: number, learningRate: number): void;
}

/** Parameters that the train-step graph itself updates. */
export function updatedInGraph(model: TrainingModel): Parameters {
  const optimizer = optimizerOf(model.optimizer);
  // Weights are read until the end of a step, so two sets of buffers swap roles; what the optimiser keeps is read
  // by the one node that makes its next value, which may therefore take its place.
  const tensors = (of: (parameter: TrainingModel['parameters'][number]) => readonly string[], known: boolean) =>
    Object.fromEntries(
      model.parameters.flatMap(({ dims, ...parameter }) =>
        of({ dims, ...parameter }).map((name) => [name, toOrt(known ? initial(model, name, dims) : zeros(dims))]),
      ),
    );
  const kept = tensors(({ state }) => state, true);
  let weights = tensors(({ name }) => [name], true);
  let nextWeights = tensors(({ name }) => [name], false);
  return {
    weights: () => weights,
    kept: () => kept,
    feeds(step, learningRate) {
      const scalars = Object.entries(optimizer.scalarsAt(step, learningRate));
      return { ...Object.fromEntries(scalars.map(([name, value]) => [name, toOrt(float32([value], []))])), ...kept };
    },
    fetches: () => nextOnes({ ...nextWeights, ...kept }),
    finish() {
      [weights, nextWeights] = [nextWeights, weights];
    },
  };
}

/** Tensors by the outputs that are to be written into them. */
export function nextOnes(tensors: OrtRecord): OrtRecord {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [nextOf(name), tensor]));
}

/** The tensor that a trainer begins with, in the layout that its graph wants: zeros where none is known. */
export function initial({ state, layouts, block }: TrainingModel, name: string, dims: readonly number[]): Tensor {
  const known = state.tensors[name];
  if (known === undefined) return zeros(dims);
  const layout = layouts[name];
  return layout === undefined ? known : arranged(known, layout, block!);
}

/** Plain copies of tensors. */
export function copies({ layouts, block }: TrainingModel, tensors: OrtRecord): Record<string, Tensor> {
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

function zeros(dims: readonly number[]): Tensor {
  return { dtype: 'float32', dims, data: allocate('float32', dims) };
}
