import { fromBase64 } from '../../core/base64.ts';
import { elementCount } from '../../core/tensor.ts';
import { type AdamwOptions, adamwScalars } from '../../onnx/adamw.ts';
import { decays, optimizerOf } from '../../onnx/optimizer.ts';
import type { SgdOptions } from '../../onnx/sgd.ts';
import { gradientOf, type Parameter } from '../../onnx/trainStep.ts';
import { initial, type Parameters } from './parameters.ts';
import { type OrtRecord, toOrt } from './session.ts';
import type { TrainingModel } from './trainingWork.ts';
import { updateModule } from './updateModule.ts';

const pageBytes = 0x10000;
/** What WebAssembly can address. */
const mostBytes = 2 ** 32;
/** Four float32, which are computed with at a time. */
const lane = 16;

/** The functions of update.wat. */
interface UpdateFunctions {
  adamw(
    ...of: readonly [p: number, g: number, m: number, v: number, bytes: number, decay: number, ...rest: number[]]
  ): void;
  sgd(...of: readonly [p: number, g: number, v: number, bytes: number, decay: number, rate: number, mu: number]): void;
}

/** Where the tensors of one parameter lie: its values, their gradient, and what the optimiser keeps. */
interface Place {
  readonly parameter: Parameter;
  readonly values: number;
  readonly gradient: number;
  readonly state: readonly number[];
  readonly bytes: number;
}

/** Whether the parameters, their gradients and what the optimiser keeps fit into one memory. */
export function fitsMemory(parameters: readonly Parameter[]): boolean {
  return placesOf(parameters).end < mostBytes;
}

/**
 * Parameters in a memory of WebAssembly, which ONNX Runtime reads weights from and writes gradients to, and where one pass
 * updates them: ONNX's operators would make eleven. The bits are those of the graph's own update.
 */
export function updatedInMemory(model: TrainingModel): Parameters {
  const { places, end } = placesOf(model.parameters);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / pageBytes) });
  const compiled = new WebAssembly.Module(fromBase64(updateModule));
  const functions = new WebAssembly.Instance(compiled, { memory: { memory } }).exports as unknown as UpdateFunctions;
  const tensorAt = (at: number, { dims }: Parameter) =>
    toOrt({ dtype: 'float32', dims, data: new Float32Array(memory.buffer, at, elementCount(dims)) });
  const record = (entries: (place: Place) => readonly (readonly [string, number])[]): OrtRecord =>
    Object.fromEntries(
      places.flatMap((place) => entries(place).map(([name, at]) => [name, tensorAt(at, place.parameter)])),
    );
  const weights = record(({ parameter, values }) => [[parameter.name, values]]);
  const kept = record(({ parameter, state }) => parameter.state.map((name, index) => [name, state[index]!]));
  const gradients = record(({ parameter, gradient }) => [[gradientOf(parameter.name), gradient]]);
  for (const [name, tensor] of Object.entries({ ...weights, ...kept }))
    (tensor.data as Float32Array).set(initial(model, name, tensor.dims).data as Float32Array);

  const { optimizer: options } = model;
  const update = options.kind === 'sgd' ? sgdOn(functions, options) : adamwOn(functions, options);
  return {
    weights: () => weights,
    kept: () => kept,
    feeds: () => ({}),
    fetches: () => gradients,
    finish(step, learningRate) {
      const updatePlace = update(step, learningRate);
      for (const place of places) updatePlace(place);
    },
    release() {},
  };
}

/** What a step does to each parameter. */
type Update = (step: number, learningRate: number) => (place: Place) => void;

function adamwOn({ adamw }: UpdateFunctions, options: AdamwOptions): Update {
  const optimizer = optimizerOf(options);
  return (step, learningRate) => {
    const scalars = optimizer.scalarsAt(step, learningRate);
    const [decay, size, epsilon] = [adamwScalars.decay, adamwScalars.stepSize, adamwScalars.epsilon].map(
      (name) => scalars[name]!,
    ) as [number, number, number];
    return ({ parameter, values, gradient, state, bytes }) => {
      const kept = decays(options, parameter.dims) ? decay : 1;
      adamw(values, gradient, state[0]!, state[1]!, bytes, kept, size, epsilon, ...options.betas);
    };
  };
}

function sgdOn({ sgd }: UpdateFunctions, options: SgdOptions): Update {
  return (_, learningRate) =>
    ({ parameter, values, gradient, state, bytes }) => {
      const decay = decays(options, parameter.dims) ? options.weightDecay : 0;
      // Without momentum there is no velocity to keep: it takes the gradient's place.
      sgd(values, gradient, state[0] ?? gradient, bytes, decay, learningRate, options.momentum);
    };
}

function placesOf(parameters: readonly Parameter[]): { places: readonly Place[]; end: number } {
  let end = 0;
  const take = (bytes: number) => {
    end += bytes;
    return end - bytes;
  };
  const places = parameters.map((parameter) => {
    const bytes = Math.ceil((4 * elementCount(parameter.dims)) / lane) * lane;
    return {
      parameter,
      bytes,
      values: take(bytes),
      gradient: take(bytes),
      state: parameter.state.map(() => take(bytes)),
    };
  });
  return { places, end };
}
