import { dataError } from '../core/errors.ts';
import { findClassifier } from '../onnx/classifier.ts';
import type { Graph, GraphValue } from '../onnx/graph.ts';
import { ops } from '../onnx/ops/index.ts';
import { trainableParameters } from '../onnx/trainingGraph.ts';
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
    trainable: trainableParameters(classifier),
    withoutGradient: Object.keys(nodes).filter((name) => ops.get(name)?.gradient === undefined),
  };
}

function describeValue({ name, dtype, dims }: GraphValue): string {
  return `${name}: ${dtype} [${dims.join(', ')}]`;
}
