import type { FilterLayout } from '../../onnx/blocked/layout.ts';
import type { Graph } from '../../onnx/graph.ts';
import { weightPlaces } from '../../onnx/model.ts';
import { nchwcDomain } from '../../onnx/ops/nchwc.ts';
import { shareInEightBits } from '../../onnx/quantised/convolutionPlan.ts';
import { int8Convolutions } from '../../onnx/quantised/convolutions.ts';
import { refreshedInt8Graph } from '../../onnx/quantised/int8.ts';
import type { Precision } from '../../onnx/quantised/precision.ts';
import type { QuantisedInput } from '../../onnx/quantised/weightWriter.ts';
import { blockedLayouts, type ScoreGraphOptions, scoreGraph } from '../../onnx/scoreGraph.ts';
import type { Thread } from '../../runtime/thread.ts';
import type { Device } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import type { RefreshedModel } from './refreshedWork.ts';
import { freeOfPadding, requireDevice, type ScorerOptions, scoringModel } from './scoringModel.ts';

export interface RefreshedOptions extends Omit<ScorerOptions, 'precision'> {
  /** What it computes in; default fp32. */
  readonly precision?: Exclude<Precision, 'fp16'>;
  /** The block of the trainer that the weights come from, null for standard operators; default that of this machine. */
  readonly block?: number | null | undefined;
}

/**
 * A model whose initialisers `refreshed` are set again and again, as a worker scores it: the graph that a trainer scores with, or that
 * in 8 bits. Throws as `openRefreshedScorer` does.
 */
export async function prepareRefreshed(
  thread: Pick<Thread<WorkerCalls>, 'call'>,
  model: Graph,
  options: RefreshedOptions,
  refreshed: ReadonlySet<string>,
): Promise<RefreshedModel> {
  const { precision = 'fp32', device, name } = options;
  requireDevice(precision, options);
  const block = options.block === undefined ? await blockHere(thread, model, device) : options.block;
  const asInputs = freeOfPadding(model, { ...options, weightsAsInputs: refreshed });
  const layouts: ReadonlyMap<string, FilterLayout> =
    block === null ? new Map() : blockedLayouts(model, asInputs, block);
  const blocked = block === null || layouts.size === 0 ? undefined : { block, layouts };
  const inFloat = { graph: scoreGraph(model, { ...asInputs, blocked }), quantised: [], layouts, convolves: false };
  const unsigned = precision === 'int8' && (await thread.call('productsOverflow', null));
  const made = precision === 'int8' ? inEightBits(model, asInputs, inFloat, { name, refreshed, unsigned }) : inFloat;
  const { graph, quantised } = made;
  const fed = new Set(graph.inputs.flatMap((input) => (refreshed.has(input.name) ? [input.name] : [])));
  const rebuilt = isRebuilt(graph, device);
  const scoring = scoringModel(model, rebuilt ? withWeights(graph, model, fed) : graph, asInputs);
  return {
    // Each run would find the ranges of activations again.
    scoring: made.convolves ? { ...scoring, examplesPerRun: Number.MAX_SAFE_INTEGER } : scoring,
    quantised,
    fed: rebuilt ? [] : [...fed],
    layouts: Object.fromEntries(made.layouts),
    block: made.layouts.size === 0 ? undefined : blocked?.block,
    written: rebuilt ? Object.fromEntries(weightPlaces(scoring.bytes, fed)) : {},
  };
}

/** A score graph on its way to a worker. */
interface Made {
  readonly graph: Graph;
  readonly quantised: readonly QuantisedInput[];
  readonly layouts: ReadonlyMap<string, FilterLayout>;
  /** Whether it has convolutions in 8 bits. */
  readonly convolves: boolean;
}

/** Convolutions that stay in float32 beside those in 8 bits are not blocked: with many of them nothing is gained. */
const leastInEightBits = 0.9;
/** Examples of a batch that tell the ranges of activations. */
const rangingExamples = 8;

/** Convolutions and products in 8 bits, or products alone where too few convolutions gain. */
function inEightBits(
  model: Graph,
  options: ScoreGraphOptions,
  inFloat: Made,
  quantising: { readonly name: string; readonly refreshed: ReadonlySet<string>; readonly unsigned: boolean },
): Made {
  const standard = scoreGraph(model, options);
  if (!(shareInEightBits(standard) >= leastInEightBits))
    return { ...inFloat, ...refreshedInt8Graph(inFloat.graph, quantising) };
  const ranges = { examples: rangingExamples };
  const graph = int8Convolutions(standard, { ranges, productsOverflow: quantising.unsigned });
  const convolved = { graph, quantised: [], layouts: new Map(), convolves: true };
  return { ...convolved, ...refreshedInt8Graph(graph, { ...quantising, optional: true }) };
}

/**
 * Whether fresh weights are written into the file of a graph, from which the session is built anew, rather than fed as inputs.
 * That costs milliseconds, and standard convolutions on the CPU, which are twice as slow where their filters are inputs, win more.
 * A graph in blocked operators keeps the bits of its trainer's.
 */
export function isRebuilt({ nodes, inputs }: Graph, device: Device): boolean {
  const fed = new Set(inputs.map(({ name }) => name));
  const convolves = nodes.some(
    ({ op, domain, inputs: [, filters] }) => op === 'Conv' && domain === '' && fed.has(filters!),
  );
  const isArranged = nodes.some(({ op, domain }) => domain === nchwcDomain || op === 'QLinearConv');
  return device === 'cpu' && convolves && !isArranged;
}

async function blockHere(
  thread: Pick<Thread<WorkerCalls>, 'call'>,
  { nodes }: Graph,
  device: Device,
): Promise<number | null> {
  return device === 'cpu' && nodes.some(({ op }) => op === 'Conv') ? thread.call('block', null) : null;
}

/** The graph with some of its inputs as weights again. */
function withWeights(graph: Graph, model: Graph, names: ReadonlySet<string>): Graph {
  const weights = [...model.weights].filter(([name]) => names.has(name));
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => !names.has(name)),
    weights: new Map([...graph.weights, ...weights]),
  };
}
