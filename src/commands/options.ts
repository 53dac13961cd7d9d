import { type Command, InvalidArgumentError, Option } from 'commander';
import { architectureExamples } from '../architectures/examples.ts';
import { type Augmentation, parseAugmentation } from '../core/augment.ts';
import { decayNames } from '../core/schedule.ts';
import { strategyNames } from '../core/selection.ts';
import { devices, lowerings, precisions } from '../engine/engine.ts';
import { deviceNames, engineNames } from '../engine/names.ts';
import { decayedNames } from '../jobs/optimization.ts';
import { averagesNames, scoringForms } from '../jobs/trainingNames.ts';
import { layouts } from '../onnx/layout.ts';
import { availableThreads } from '../runtime/host.ts';

/** A whole number from `least` up, or to `most`. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} up` : `${least} to ${most}`;
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`Expected a whole number from ${range}.`);
    return value;
  };
}

/** A number above 0, or from 0 where that is allowed. */
export function positiveNumber({ zero }: { readonly zero: boolean } = { zero: false }): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < 0 || (value === 0 && !zero))
      throw new InvalidArgumentError(`Expected a number ${zero ? 'from 0 up' : 'above 0'}.`);
    return value;
  };
}

/** Whatever is to be scored with weights of now is scored before a run pauses: more would let Ctrl-C wait. */
const mostStepsAhead = 64;

/** Several values with commas between them, each read by `one`. */
export function listOf<T>(one: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map((part) => one(part.trim()));
}

/** Several different values with commas between them. */
export function setOf<T>(one: (text: string) => T): (text: string) => T[] {
  const list = listOf(one);
  return (text) => {
    const values = list(text);
    if (new Set(values).size < values.length) throw new InvalidArgumentError('Expected each value once.');
    return values;
  };
}

/** One of some words. */
export function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    if (!(words as readonly string[]).includes(text))
      throw new InvalidArgumentError(`Expected one of ${words.join(', ')}.`);
    return text as T;
  };
}

/** An accuracy such as 0.9, kept as typed. */
function accuracy(text: string): string {
  const value = Number(text);
  if (text === '' || !(value > 0 && value <= 1))
    throw new InvalidArgumentError('Expected accuracies above 0, up to 1.');
  return text;
}

function augmentation(text: string): Augmentation {
  const found = parseAugmentation(text);
  if (found === undefined) throw new InvalidArgumentError('Expected crop:PIXELS, flip or both, as crop:4,flip.');
  return found;
}

function share(text: string): number {
  const value = positiveNumber({ zero: true })(text);
  if (value >= 1) throw new InvalidArgumentError('Expected a number from 0 up to 1, 1 itself left out.');
  return value;
}

function option(flags: string, description: string): Option {
  return new Option(flags, description);
}

/** Every option that more than one command takes, each declared once. */
const options: Readonly<Record<string, () => Option>> = {
  data: () => option('--data <format:path>', 'training data, such as idx:mnist/'),
  test: () => option('--test <format:path>', 'test data (default: the test files beside the training data)'),
  holdout: () =>
    option(
      '--holdout <rule>',
      'what the IL model is trained on: random:SHARE, even-odd, N:M, or none where it is not of these data',
    ).default('random:0.5'),
  noise: () => option('--noise <rule>', 'label noise to add: none, uniform:R, flip:R or pairs:3>5,…:R').default('none'),
  labels: () =>
    option('--labels <file:column>', 'labels to train on, by column "index" of a CSV file').default(null, 'its own'),
  vocab: () =>
    option('--vocab <file>', 'vocabulary of texts: vocab.txt or tokenizer.json').default(null, 'vocab.txt beside them'),
  tokens: () => option('--tokens <n>', 'tokens of an example of text').argParser(wholeNumber(1)).default(null, '64'),
  imageSize: () =>
    option('--image-size <n>', 'width and height that photographs are brought to: resized, then the centre of them')
      .argParser(wholeNumber(1))
      .default(null, 'as they are'),
  preprocessing: () =>
    option(
      '--preprocessing <rule>',
      'how stored numbers are fed: auto, raw (0..255), unit (0..1) or standardize:MEAN,…/STD,… of 0..1, by channel',
    ).default(null, 'auto, as usual for the format'),
  logits: () =>
    option('--logits <name>', 'value of the model that holds its logits, an output or any inside').default(
      null,
      'found, also behind a softmax',
    ),
  layout: () =>
    option(
      '--layout <order>',
      'where the model takes the channels of images: auto, nchw or nhwc; auto goes by the sizes',
    )
      .argParser(oneOf(layouts))
      .default('auto'),
  dataSeed: () => option('--data-seed <n>', 'fixes split and noise').argParser(wholeNumber(0)).default(0),
  dataSeeds: () =>
    option('--data-seed <n,…>', 'fixes split and noise; one for all seeds, or one for each')
      .argParser(listOf(wholeNumber(0)))
      .default([0], '0'),
  model: () =>
    option('--model <spec>', `target model: ${architectureExamples}, or an .onnx file`).default('mlp:512,512'),
  ilModel: () => option('--il-model <spec>', `IL model: ${architectureExamples}, or an .onnx file`).default('mlp:64'),
  ilEpochs: () => option('--il-epochs <n>', 'most passes over the holdout').argParser(wholeNumber(1)).default(8),
  ilBatch: () => option('--il-batch <n>', 'batch size of IL training').argParser(wholeNumber(1)).default(32),
  ilPatience: () =>
    option('--il-patience <n>', 'half passes without a lower loss before IL training ends')
      .argParser(wholeNumber(1))
      .default(4),
  strategy: () =>
    option('--strategy <name>', `how the small batch is chosen: ${strategyNames.join(', ')}`)
      .argParser(oneOf(strategyNames))
      .default('rho'),
  strategies: () =>
    option('--strategy <name,…>', `how the small batch is chosen: ${strategyNames.join(', ')}`).argParser(
      setOf(oneOf(strategyNames)),
    ),
  seed: () => option('--seed <n>', 'fixes initial weights, order and dropout').argParser(wholeNumber(0)).default(0),
  seeds: () =>
    option('--seed <n,…>', 'fixes initial weights, order and dropout; one run for each')
      .argParser(setOf(wholeNumber(0)))
      .default([0], '0'),
  targets: () => option('--target <accuracy,…>', 'accuracies to reach').argParser(setOf(accuracy)),
  irreducible: () =>
    option('--irreducible <path>', 'irreducible losses: a loss store, or an IL model (.onnx) to score online'),
  bigBatch: () => option('--big-batch <n>', 'candidates of a step (n_B)').argParser(wholeNumber(1)).default(320),
  smallBatch: () =>
    option('--small-batch <n>', 'candidates of a step that are trained on (n_b)').argParser(wholeNumber(1)).default(32),
  steps: () => option('--steps <n>', 'training steps').argParser(wholeNumber(1)).conflicts('epochs'),
  epochs: () => option('--epochs <n>', 'passes over the candidates, instead of --steps').argParser(positiveNumber()),
  lr: () => option('--lr <rate>', 'full learning rate').argParser(positiveNumber()).default(1e-3, '1e-3'),
  optimizer: () =>
    option('--optimizer <name>', 'adamw, or sgd with momentum')
      .argParser(oneOf(['adamw', 'sgd'] as const))
      .default('adamw'),
  momentum: () => option('--momentum <share>', 'momentum of sgd').argParser(share).default(null, '0.9'),
  decay: () =>
    option('--decay <which>', 'what weight decay applies to: all, or matrices (no biases, no scales of normalisation)')
      .argParser(oneOf(decayedNames))
      .default('all'),
  clip: () =>
    option('--clip <norm>', 'greatest norm of the gradients').argParser(positiveNumber()).default(null, 'any'),
  schedule: () =>
    option('--schedule <name>', `how the learning rate goes down: ${decayNames.join(', ')}`)
      .argParser(oneOf(decayNames))
      .default('constant'),
  warmup: () =>
    option('--warmup <steps>', 'steps over which the learning rate rises').argParser(wholeNumber(0)).default(0),
  batchNorm: () =>
    option(
      '--batch-norm <what>',
      'what moves the running averages of batch normalisation: steps, or candidates where a strategy scores them',
    )
      .argParser(oneOf(averagesNames))
      .default('steps'),
  lowering: () =>
    option('--lowering <how>', 'how convolutions are written: auto, standard, or blocked (fast, on x86 alone)')
      .argParser(oneOf(lowerings))
      .default('auto'),
  precision: () =>
    option(
      '--precision <numbers>',
      'what the model is computed in: fp32, int8 (its large matrix products), or fp16 (for GPUs)',
    )
      .argParser(oneOf(precisions))
      .default('fp32'),
  augment: () =>
    option('--augment <what>', 'change images before they are trained on: crop:PIXELS, flip or both, as crop:4,flip')
      .argParser(augmentation)
      .default(null, 'nothing'),
  weightDecay: () =>
    option('--weight-decay <rate>', 'weight decay')
      .argParser(positiveNumber({ zero: true }))
      .default(null, '0.01, with sgd 0'),
  evalEvery: () => option('--eval-every <steps>', 'steps between evaluations').argParser(wholeNumber(1)).default(20),
  checkpointEvery: () =>
    option('--checkpoint-every <seconds>', 'seconds between checkpoints')
      .argParser(positiveNumber({ zero: true }))
      .default(30),
  freeze: () =>
    option('--freeze <name,…>', 'weights of the target to leave as they are; * stands for any text')
      .argParser(listOf((text) => text))
      .default([], 'none'),
  engine: () =>
    option(
      '--engine <name>',
      'what trains: auto, onnx, tfjs or tfjs:BACKEND (wasm, cpu …); auto is tfjs with a GPU, else onnx',
    )
      .argParser(oneOf(engineNames))
      .default('auto'),
  scoreEngine: () =>
    option('--score-engine <name>', 'what scores where tfjs trains: onnx, or same for tfjs as well')
      .argParser(oneOf(['onnx', 'same']))
      .default('onnx'),
  staleness: () =>
    option(
      '--staleness <steps>',
      'steps that the weights which score candidates lie behind: 0 is exact, 1 scores while the step before is trained',
    )
      .argParser(wholeNumber(0, mostStepsAhead))
      .default(0),
  refresh: () =>
    option('--refresh <steps>', 'steps from one refresh of those weights to the next')
      .argParser(wholeNumber(1, mostStepsAhead))
      .default(1),
  scoring: () =>
    option('--scoring <form>', 'what scores candidates: exact, or int8, the target in 8 bits')
      .argParser(oneOf(scoringForms))
      .default('exact'),
  reuse: () =>
    option('--reuse <n>', 'score the n candidates that look best by their last losses; the others keep those')
      .argParser(wholeNumber(1))
      .default(null, 'score all'),
  reuseEpochs: () =>
    option('--reuse-epochs <n>', 'with --reuse, passes after which a loss is not reused')
      .argParser(positiveNumber())
      .default(4),
  shortlist: () =>
    option('--shortlist <n>', 'score the best n candidates again, exactly, and choose from those')
      .argParser(wholeNumber(1))
      .default(null, 'choose by the first scores'),
  scoreThreads: () =>
    option(
      '--score-threads <n>',
      'of --threads, those of each scorer beside the trainer: of candidates, of irreducible losses online',
    )
      .argParser(wholeNumber(1))
      .default(null, 'by the work of those that work at once, at least 1 for each side'),
  scoreDevice: () =>
    option(
      '--score-device <name>',
      `where candidates, and irreducible losses online, are scored: ${devices.join(', ')}`,
    )
      .argParser(oneOf(devices))
      .default(null, 'where the target is trained'),
  device: () =>
    option(
      '--device <name>',
      'where it runs: auto, cpu, cuda, webgpu or wasm; auto is cuda, else webgpu on a GPU, else cpu',
    )
      .argParser(oneOf(deviceNames))
      .default('auto'),
  threads: () =>
    option('--threads <n>', 'threads that one operator is spread over; wasm has one')
      .argParser(wholeNumber(1))
      .default(availableThreads(), 'all cores'),
  out: () => option('--out <folder>', 'folder to write into (default: a new one under runs/)'),
  outFolder: () => option('--out <folder>', 'folder to write into, new or empty'),
  resume: () => option('--resume <folder>', 'go on with an interrupted run; its own options are used'),
  config: () => option('--config <file>', 'options as JSON, such as {"bigBatch": 640}; flags win'),
  json: () => option('--json', 'print the result as one JSON object and nothing else'),
};

/** Adds the options named, by the keys of the table above, to a command. */
export function withOptions(command: Command, names: readonly string[]): Command {
  for (const name of names) command.addOption(options[name]!());
  return command;
}
