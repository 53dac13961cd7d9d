import { dataError, RhoError } from '../core/errors.ts';
import { findClassifier } from '../onnx/classifier.ts';
import type { Graph, GraphValue } from '../onnx/graph.ts';
import { optimizerDefaults } from '../onnx/optimizer.ts';
import { describeWeights, type WeightUse } from '../onnx/trainable.ts';
import { trainStep } from '../onnx/trainStep.ts';
import { parseReportData, type ReportData } from '../report/reportData.ts';
import { exists, isFolder, joinPath, readText } from '../runtime/files.ts';
import type { StoreManifest } from '../store/manifest.ts';
import { isLossStore, isUnfinishedStore, openLossStore } from '../store/readStore.ts';
import { parameterCount, readModelFile } from './model.ts';

/** What an .onnx file holds, as far as training and scoring care. */
export interface ModelSummary {
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Value that is taken for the logits. */
  readonly logits: string;
  readonly parameters: number;
  readonly nodes: Readonly<Record<string, number>>;
  readonly trainable: readonly string[];
  /** All initialisers, and why some of them are not trained. */
  readonly weights: readonly WeightUse[];
  /** What else is worth knowing before it is trained. */
  readonly notes: readonly string[];
  /** Why it cannot be trained; null where it can, on data that fit its inputs. */
  readonly untrainable: string | null;
}

export type Inspection =
  | { readonly kind: 'model'; readonly model: ModelSummary }
  | { readonly kind: 'store'; readonly manifest: StoreManifest; readonly losses: Float32Array }
  | { readonly kind: 'run'; readonly report: ReportData };

/** Tells what a path is, an .onnx file, a loss store or a run folder, and reads what is in it. */
export async function inspect(path: string): Promise<Inspection> {
  if (!(await isFolder(path))) {
    const { graph } = await readModelFile(path);
    return { kind: 'model', model: describeModel(graph, path) };
  }
  if ((await isLossStore(path)) || (await isUnfinishedStore(path))) {
    const store = await openLossStore(path);
    const { loss, scoredBy } = await store.readLosses();
    return { kind: 'store', manifest: store.manifest, losses: loss.filter((_, id) => scoredBy[id] !== 0) };
  }
  const report = joinPath(path, 'report.json');
  if (await exists(report)) return { kind: 'run', report: parseReportData(await readText(report), report) };
  throw dataError(`Cannot inspect "${path}": expected an .onnx file, a loss store, or the folder of a finished run`);
}

function describeModel(graph: Graph, path: string): ModelSummary {
  const classifier = findClassifier(graph, path);
  const weights = describeWeights(classifier);
  const nodes: Record<string, number> = {};
  for (const { op, domain } of graph.nodes) {
    const name = domain === '' ? op : `${domain}.${op}`;
    nodes[name] = (nodes[name] ?? 0) + 1;
  }
  return {
    opsets: graph.opsets,
    inputs: graph.inputs.map(describeValue),
    outputs: graph.outputs.map(describeValue),
    logits: classifier.logits,
    parameters: parameterCount(graph),
    nodes,
    trainable: weights.flatMap(({ name, frozen }) => (frozen === null ? [name] : [])),
    weights,
    notes: notesOn(nodes),
    untrainable: untrainable(graph, path),
  };
}

/** What a size stands for that the file gives a name. */
const someSize = 16;

/** What deriving a train step from the model says against it. */
function untrainable(graph: Graph, name: string): string | null {
  const stored = graph.inputs.map(({ dtype, dims }) => ({
    dtype,
    dims: dims.slice(1).map((dim) => (typeof dim === 'number' ? dim : someSize)),
  }));
  try {
    trainStep(graph, { name, stored, preprocessing: { kind: 'none' }, smallBatch: 2, optimizer: optimizerDefaults() });
    return null;
  } catch (error) {
    if (error instanceof RhoError) return error.message;
    throw error;
  }
}

/** Exporters fold batch norm into the convolutions and leave Dropout out, unless they are told not to. */
function notesOn(nodes: Readonly<Record<string, number>>): readonly string[] {
  const seemsFolded = 'Conv' in nodes && !('BatchNormalization' in nodes) && !('Dropout' in nodes);
  return seemsFolded
    ? [
        'no BatchNormalization or Dropout nodes: it trains as the plain layers it holds (to keep them: torch.onnx.export with training=TrainingMode.TRAINING, do_constant_folding=False)',
      ]
    : [];
}

function describeValue({ name, dtype, dims }: GraphValue): string {
  return `${name}: ${dtype} [${dims.join(', ')}]`;
}
