import { buildArchitecture } from '../architectures/architecture.ts';
import { RhoError } from '../core/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { type ClassifierOptions, findClassifier } from '../onnx/classifier.ts';
import { withExternalData } from '../onnx/externalData.ts';
import { freeBatch } from '../onnx/freeBatch.ts';
import type { Graph } from '../onnx/graph.ts';
import { inEvalForm, readModel, writeModel } from '../onnx/model.ts';
import type { FeedOptions, Layout } from '../onnx/preprocess.ts';
import { logitsTypeOf, type ScoringOptions, scoredPart } from '../onnx/scoreGraph.ts';
import { joinPath, readBytes } from '../runtime/files.ts';

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

/** The .onnx file at `path`, brought into eval form, to be trained; its graph takes batches of any size. */
export async function readModelFile(path: string): Promise<ModelFile> {
  return modelFrom(await evalBytes(path), path);
}

/**
 * The .onnx file at `path`, brought into eval form, to be scored; its graph takes batches of any size, or where it cannot be
 * freed of that the one it was exported for.
 */
export async function readScoredModel(path: string): Promise<ModelFile> {
  const bytes = await evalBytes(path);
  const graph = readModel(bytes, path);
  return { name: path, bytes, graph: freedIfPossible(graph, path) };
}

function freedIfPossible(graph: Graph, name: string): Graph {
  try {
    return freeBatch(graph, name);
  } catch (error) {
    if (error instanceof RhoError) return graph;
    throw error;
  }
}

/** The bytes of the .onnx file at `path` in eval form, with weights inside that lie in other files beside it. */
async function evalBytes(path: string): Promise<Uint8Array> {
  const beside = (file: string) => readBytes(joinPath(path, '..', file));
  return inEvalForm(await withExternalData(await readBytes(path), path, beside), path);
}

/** The model in the bytes of an .onnx file in eval form. */
export function modelFrom(bytes: Uint8Array, name: string): ModelFile {
  return { name, bytes, graph: freeBatch(readModel(bytes, name), name) };
}

/** How a model is fed from a data set, and what is computed of each example. */
export function feedFrom(data: Dataset, name: string): FeedOptions {
  return { name, stored: data.inputs, preprocessing: data.preprocessing, classes: data.classes };
}

/** What a user may have to tell of a model that is scored. */
export interface ModelHints extends ClassifierOptions {
  readonly layout?: Layout;
}

/** How a model is scored on a data set: fed as by `feedFrom`, with what the user tells of it. */
export function scoringFrom(
  data: Dataset,
  name: string,
  { logits = null, layout = 'auto' }: ModelHints = {},
): ScoringOptions {
  return { ...feedFrom(data, name), logits, layout };
}

/** Says what is not plain about the logits of a model that is going to be scored: where they are, and how many classes they have. */
export function sayAboutLogits(graph: Graph, options: ScoringOptions, say: (line: string) => void): void {
  const { logits, isNamed } = findClassifier(graph, options.name, options);
  if (!isNamed && graph.outputs.length > 1)
    say(`${options.name}: "${logits}" is taken for the logits, another value can be named with --logits`);
  const classes = logitsTypeOf(scoredPart(graph, options), options)?.dims[1];
  if (typeof classes === 'number' && classes > 2 && classes > (options.classes ?? classes))
    say(`${options.name}: it knows ${classes} classes, the data have ${options.classes}; losses are over all it knows`);
}

/** The numbers of trained weights in a model. */
export function parameterCount(graph: Graph): number {
  return [...graph.weights.values()]
    .filter(({ dtype, dims }) => dtype === 'float32' && dims.length > 0)
    .reduce((sum, { data }) => sum + data.length, 0);
}
