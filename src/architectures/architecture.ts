import { usageError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import type { Graph } from '../onnx/graph.ts';
import { albert, albertBase } from './albert.ts';
import { bert, bertBase } from './bert.ts';
import { cnn } from './cnn.ts';
import { architectureExamples } from './examples.ts';
import { mlp } from './mlp.ts';
import { resnet18 } from './resnet.ts';
import { transformerSize } from './transformer.ts';

/** What a built-in architecture needs to know of the data. */
export interface ArchitectureOptions {
  /** Shape of an example: of an image, or the number of token ids. */
  readonly inputDims: readonly number[];
  readonly classes: number;
  /** Fixes the initial weights; with null the weights have shapes and no numbers. */
  readonly seed: number | null;
  /** Tells texts from numbers; default none. */
  readonly preprocessing?: Preprocessing;
}

type Build<Options> = (parameters: string, options: Options, spec: string) => Graph;
type TokenArchitecture = ArchitectureOptions & { readonly vocabulary: number };

/** Architectures on numbers: vectors or images. */
const onNumbers: ReadonlyMap<string, Build<ArchitectureOptions>> = new Map<string, Build<ArchitectureOptions>>([
  ['mlp', (parameters, options, spec) => mlp({ ...options, hidden: widths(parameters, spec) })],
  [
    'cnn',
    (parameters, options, spec) =>
      cnn({ ...images(options, spec), width: parameters === '' ? 64 : widths(parameters, spec)[0]! }),
  ],
  ['resnet18', (_, options, spec) => resnet18({ ...images(options, spec), width: 64 })],
  [
    'resnet',
    (parameters, options, spec) => resnet18({ ...images(options, spec), width: widths(parameters, spec)[0]! }),
  ],
]);

/** Architectures on token ids. */
const onTokens: ReadonlyMap<string, Build<TokenArchitecture>> = new Map<string, Build<TokenArchitecture>>([
  ['transformer', (parameters, options, spec) => bert({ ...options, size: requireSize(parameters, spec) })],
  ['bert', (_, options) => bert({ ...options, size: bertBase })],
  ['albert', (_, options) => albert({ ...options, size: albertBase })],
]);

/** The graph of a built-in architecture named as on the command line, with seeded initial weights: `mlp:512,512`. */
export function buildArchitecture(spec: string, options: ArchitectureOptions): Graph {
  const [kind = '', ...rest] = spec.split(':');
  const parameters = rest.join(':');
  const { preprocessing } = options;
  const ofNumbers = onNumbers.get(kind);
  const ofTokens = onTokens.get(kind);
  if (ofNumbers !== undefined) {
    if (preprocessing?.kind === 'tokens')
      throw usageError(
        `Cannot train "${spec}" on texts: an example is ${options.inputDims[0]} token ids, which transformer:2x128, bert, albert or an .onnx file take`,
      );
    return ofNumbers(parameters, options, spec);
  }
  if (ofTokens !== undefined) {
    if (preprocessing?.kind !== 'tokens')
      throw usageError(
        `Cannot train "${spec}" on these data: an example is numbers of shape [${options.inputDims.join(', ')}], expected token ids of texts; pass --model mlp:512,512 or cnn`,
      );
    return ofTokens(parameters, { ...options, vocabulary: preprocessing.vocabulary }, spec);
  }
  throw usageError(`Cannot build the model "${spec}": expected ${architectureExamples}, or the path of an .onnx file`);
}

function images(options: ArchitectureOptions, spec: string): ArchitectureOptions {
  if (options.inputDims.length !== 3)
    throw usageError(
      `Cannot train "${spec}" on these data: an example has the shape [${options.inputDims.join(', ')}], expected images [channels, height, width]`,
    );
  return options;
}

function requireSize(parameters: string, spec: string) {
  const size = transformerSize(parameters);
  if (size === undefined)
    throw usageError(
      `Cannot build the model "${spec}": expected layers and a width that is a multiple of 32, such as transformer:2x128`,
    );
  return size;
}

function widths(text: string, spec: string): readonly number[] {
  const numbers = text === '' ? [] : text.split(',').map(Number);
  if (numbers.length === 0 || !numbers.every((width) => Number.isInteger(width) && width > 0))
    throw usageError(`Cannot build the model "${spec}": expected widths above 0 such as mlp:512,512`);
  return numbers;
}
