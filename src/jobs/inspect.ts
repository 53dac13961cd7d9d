import { dataError } from '../core/errors.ts';
import { reachableFrom } from '../onnx/autodiff.ts';
import { type Classifier, findClassifier } from '../onnx/classifier.ts';
import type { Graph, GraphValue } from '../onnx/graph.ts';
import { findOp } from '../onnx/ops/index.ts';
import { describeWeights, type WeightUse } from '../onnx/trainable.ts';
import { parseReportData, type ReportData } from '../report/reportData.ts';
import { exists, isFolder, joinPath, readText } from '../runtime/files.ts';
import type { StoreManifest } from '../store/manifest.ts';
import { openLossStore } from '../store/readStore.ts';
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
  /** Operators that cannot be trained through. */
  readonly withoutGradient: readonly string[];
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
  if (await exists(joinPath(path, 'manifest.json'))) {
    const store = await openLossStore(path);
    const { loss } = await store.readTable();
    return { kind: 'store', manifest: store.manifest, losses: loss };
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
    withoutGradient: withoutGradient(classifier, weights),
  };
}

/** Operators whose results are whole numbers or booleans, through which no gradient has to come. */
const endOfGradient: ReadonlySet<string> = new Set([
  ...['Shape', 'ArgMax', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'],
]);

/** The operators between trained weights and logits that cannot be trained through. */
function withoutGradient({ nodes }: Classifier, weights: readonly WeightUse[]): readonly string[] {
  const trained = weights.filter(({ frozen }) => frozen === null).map(({ name }) => name);
  const passing = nodes.filter((node) => node.domain !== '' || !endOfGradient.has(node.op));
  const reached = reachableFrom(passing, trained);
  const between = passing.filter(({ inputs }) => inputs.some((input) => reached.has(input)));
  const lacking = between.filter((node) => findOp(node)?.gradient === undefined);
  return [...new Set(lacking.map(({ op, domain }) => (domain === '' ? op : `${domain}.${op}`)))];
}

/** Exporters fold batch norm into the convolutions and leave Dropout out, unless they are told not to. */
function notesOn(nodes: Readonly<Record<string, number>>): readonly string[] {
  const seemsFolded = 'Conv' in nodes && !('BatchNormalization' in nodes) && !('Dropout' in nodes);
  return seemsFolded ? ['no BatchNormalization or Dropout nodes: it trains as the plain layers it holds'] : [];
}

function describeValue({ name, dtype, dims }: GraphValue): string {
  return `${name}: ${dtype} [${dims.join(', ')}]`;
}
