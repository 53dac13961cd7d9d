import { buildArchitecture } from '../architectures/architecture.ts';
import type { Dataset } from '../data/dataset.ts';
import { freeBatch } from '../onnx/freeBatch.ts';
import type { Graph } from '../onnx/graph.ts';
import { inEvalForm, readModel, writeModel } from '../onnx/model.ts';
import type { FeedOptions } from '../onnx/preprocess.ts';
import { readBytes } from '../runtime/files.ts';

/** A model as an .onnx file holds it, in eval form. */
export interface ModelFile {
  /** As the user named it: an architecture or a path. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly graph: Graph;
}

/** A built-in architecture with seeded initial weights, or the .onnx file at a path, as `spec` says. */
export async function loadModel(spec: string, data: Dataset, seed: number): Promise<ModelFile> {
  if (spec.endsWith('.onnx')) return readModelFile(spec);
  const { inputs, classes, preprocessing } = data;
  const [input] = inputs;
  const graph = buildArchitecture(spec, { inputDims: input!.dims, classes, preprocessing, seed });
  return { name: spec, bytes: writeModel(graph), graph };
}

/** The .onnx file at `path`, brought into eval form; its graph takes batches of any size. */
export async function readModelFile(path: string): Promise<ModelFile> {
  return modelFrom(inEvalForm(await readBytes(path), path), path);
}

/** The model in the bytes of an .onnx file in eval form. */
export function modelFrom(bytes: Uint8Array, name: string): ModelFile {
  return { name, bytes, graph: freeBatch(readModel(bytes, name), name) };
}

/** How a model is fed from a data set, and what is computed of each example. */
export function feedFrom(data: Dataset, name: string): FeedOptions {
  return { name, stored: data.inputs, preprocessing: data.preprocessing, classes: data.classes };
}

/** The numbers of trained weights in a model. */
export function parameterCount(graph: Graph): number {
  return [...graph.weights.values()]
    .filter(({ dtype, dims }) => dtype === 'float32' && dims.length > 0)
    .reduce((sum, { data }) => sum + data.length, 0);
}
