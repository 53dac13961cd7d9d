import { dataError, usageError } from '../../core/errors.ts';
import { allocate } from '../../core/tensor.ts';
import type { Graph, ValueType } from '../../onnx/graph.ts';
import { largestActivation } from '../../onnx/largestActivation.ts';
import type { ExampleOutput } from '../../onnx/lossHead.ts';
import { writeModel } from '../../onnx/model.ts';
import { microsoftDomain } from '../../onnx/ops/microsoft.ts';
import { fedInputs } from '../../onnx/preprocess.ts';
import type { Precision } from '../../onnx/quantised/precision.ts';
import { scoreGraphIn } from '../../onnx/quantised/scoreGraphIn.ts';
import {
  fixedBatch,
  logitsShape,
  logitsShapeGraph,
  logitsTypeOf,
  type ScoringOptions,
  scoredPart,
} from '../../onnx/scoreGraph.ts';
import type { Thread } from '../../runtime/thread.ts';
import type { DeviceOptions } from '../engine.ts';
import type { WorkerCalls } from './calls.ts';
import type { ScoringModel } from './scoringWork.ts';
import { requireRight } from './webgpuFaults.ts';

export interface ScorerOptions extends ScoringOptions, DeviceOptions {
  /** What to compute of each example. */
  readonly outputs: readonly ExampleOutput[];
  /** What a model with its own weights is computed in; default fp32. */
  readonly precision?: Precision;
  /** Whether it scores beside a trainer: its threads do not spin, and one that does not answer is given up; default false. */
  readonly beside?: boolean;
}

/**
 * A model with its own weights as a worker scores it. `thread` is any that runs ONNX Runtime: it is asked for the shape of the
 * logits where neither the file nor the rules of operators tell it. Throws a data error where the model is no classifier for
 * these data, or without a product that gains from int8; a usage error for int8 off the CPU.
 */
export async function prepareScoring(
  thread: Pick<Thread<WorkerCalls>, 'call'>,
  model: Graph,
  options: ScorerOptions,
): Promise<ScoringModel> {
  const { precision = 'fp32' } = options;
  requireDevice(precision, options);
  const scored = scoredPart(model, options);
  const logitsType = logitsTypeOf(scored, options) ?? (await askForLogits(thread, scored, options));
  return scoringModel(scored, scoreGraphIn(precision, scored, { ...options, logitsType }), options);
}

/** Throws a usage error for int8 off the CPU. */
export function requireDevice(precision: Precision, { device, name }: ScorerOptions): void {
  if (precision === 'int8' && device !== 'cpu')
    throw usageError(
      `Cannot score "${name}" in int8 on the device "${device}": products in 8 bits run on the CPU; pass --device cpu or --precision fp16`,
    );
}

/** The type of the logits of a model as they come out of ONNX Runtime for a few examples of zeros. */
async function askForLogits(
  thread: Pick<Thread<WorkerCalls>, 'call'>,
  model: Graph,
  options: ScorerOptions,
): Promise<ValueType> {
  // No other size that a model has is as likely.
  const batch = fixedBatch(model) ?? 2;
  const inputs = fedInputs(model, options).map((input, index) => {
    const { dtype, dims } = options.stored[index]!;
    return [input, { dtype, dims: [batch, ...dims], data: allocate(dtype, [batch, ...dims]) }] as const;
  });
  const { data } = await thread.call('evaluate', {
    bytes: writeModel(logitsShapeGraph(model, options)),
    feeds: Object.fromEntries(inputs),
    output: logitsShape,
    device: { device: options.device, threads: options.threads },
  });
  const dims = Array.from(data, Number);
  if (dims[0] !== batch)
    throw dataError(
      `Cannot use "${options.name}" as a classifier: for ${batch} examples its logits are [${dims.join(', ')}], expected [${batch}, classes]; name the value that holds them with --logits`,
    );
  return { dtype: 'float32', dims: ['batch', ...dims.slice(1)] };
}

/** Bytes of the largest activation of a run: enough to keep the cores busy, few enough to stay in their caches. */
const bytesPerRun = 4 * 2 ** 20;
const mostPerRun = 500;
/** The same where the size of some activations is not known. */
const mostUnknown = 64;

/** The score graph of a model as a worker takes it. Throws where the device would compute it wrongly. */
export function scoringModel(model: Graph, graph: Graph, options: ScorerOptions): ScoringModel {
  requireRight(graph, options.device, options.name);
  const { bytes, isWhole } = largestActivation(graph);
  const fixed = fixedBatch(graph);
  const fitting = Math.min(Math.floor(bytesPerRun / bytes), isWhole ? mostPerRun : mostUnknown);
  return {
    bytes: writeModel(graph),
    inputs: fedInputs(model, options),
    outputs: options.outputs,
    examplesPerRun: fixed ?? Math.max(1, fitting),
    exact: fixed !== undefined,
    inEightBits: graph.nodes.some(({ domain }) => domain === microsoftDomain),
  };
}
