import { usageError } from '../core/errors.ts';
import type { Graph } from '../onnx/graph.ts';
import { cnn } from './cnn.ts';
import { mlp } from './mlp.ts';
import { resnet18 } from './resnet.ts';

/** What a built-in architecture needs to know of the data. */
export interface ArchitectureOptions {
  readonly inputDims: readonly number[];
  readonly classes: number;
  readonly seed: number;
}

type Build = (parameters: string, options: ArchitectureOptions, spec: string) => Graph;

const builders: ReadonlyMap<string, Build> = new Map<string, Build>([
  ['mlp', (parameters, options, spec) => mlp({ ...options, hidden: widths(parameters, spec) })],
  ['cnn', (_, options) => cnn(options)],
  ['resnet18', (_, options) => resnet18({ ...options, width: 64 })],
  ['resnet', (parameters, options, spec) => resnet18({ ...options, width: widths(parameters, spec)[0]! })],
]);

/** Examples of every built-in architecture, for help and errors. */
export const architectureExamples = 'mlp:512,512, cnn, resnet18, resnet:16';

/** The graph of a built-in architecture named as on the command line, with seeded initial weights: `mlp:512,512`. */
export function buildArchitecture(spec: string, options: ArchitectureOptions): Graph {
  const [kind = '', ...parameters] = spec.split(':');
  const build = builders.get(kind);
  if (build === undefined)
    throw usageError(
      `Cannot build the model "${spec}": expected ${architectureExamples}, or the path of an .onnx file`,
    );
  return build(parameters.join(':'), options, spec);
}

function widths(text: string, spec: string): readonly number[] {
  const numbers = text === '' ? [] : text.split(',').map(Number);
  if (numbers.length === 0 || !numbers.every((width) => Number.isInteger(width) && width > 0))
    throw usageError(`Cannot build the model "${spec}": expected widths above 0 such as mlp:512,512`);
  return numbers;
}
