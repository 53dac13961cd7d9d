import type { Batch } from '../../core/batch.ts';
import { dataError } from '../../core/errors.ts';
import { allocate, type Tensor } from '../../core/tensor.ts';
import type { Graph } from '../../onnx/graph.ts';
import type { TfModule, TfTensor } from '../../onnx/ops/execution.ts';
import { type OptimizerOptions, optimizerOf } from '../../onnx/optimizer.ts';
import type { DropoutMask } from '../../onnx/trainingForm.ts';
import { type FedTensor, nextOf } from '../../onnx/trainingGraph.ts';
import type { Parameter } from '../../onnx/trainStep.ts';
import { gradientOf } from '../../onnx/trainStep.ts';
import { dropoutMasks } from '../dropoutMasks.ts';
import type { Scores, StepResult, TrainerState } from '../engine.ts';
import { feedsOf } from '../scoreInRuns.ts';
import { compile, type TfTensors } from './interpreter.ts';
import { openTfScoringWork, type TfScoringModel } from './scoringWork.ts';
import { fromTf, numbersOf, toTf } from './tensors.ts';

/** A training graph and the optimiser's graph of the same model, and what to feed them with. */
export interface TfTrainingModel {
  readonly graph: Graph;
  readonly update: Graph;
  readonly inputs: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly masks: readonly DropoutMask[];
  readonly averages: readonly FedTensor[];
  readonly optimizer: OptimizerOptions;
  readonly smallBatch: number;
  /** Labels have to be below; TensorFlow.js would take any. */
  readonly classes: number;
  /** Seeds the dropout masks. */
  readonly seed: number;
  /** Null where ONNX Runtime scores. */
  readonly scoring: TfScoringModel | null;
  readonly state: TrainerState;
}

/** What runs in the thread of a trainer. */
export interface TfTrainingWork {
  score(batch: Batch): Promise<Scores>;
  step(batch: Batch, learningRate: number): Promise<StepResult>;
  state(): Promise<TrainerState>;
  weights(): Promise<Readonly<Record<string, Tensor>>>;
  /** Tensors that are held, for tests. */
  tensorCount(): number;
  release(): void;
}

export function openTfTrainingWork(tf: TfModule, model: TfTrainingModel): TfTrainingWork {
  const program = compile(tf, model.graph, model.smallBatch);
  const update = compile(tf, model.update, model.smallBatch);
  const scoring = model.scoring && openTfScoringWork(tf, model.scoring);
  const optimizer = optimizerOf(model.optimizer);
  const names = model.parameters.map(({ name }) => name);
  let { step } = model.state;
  let weights: TfTensors = tensorsOf(tf, [...model.parameters, ...model.averages], model.state.tensors);
  let kept: TfTensors = tensorsOf(
    tf,
    model.parameters.flatMap(({ state, dims }) => state.map((name) => ({ name, dims }))),
    model.state.tensors,
  );

  /** The mean loss with its gradients, and the other outputs. */
  const differentiated = (batch: Batch) => {
    const masks = dropoutMasks(model.masks, model.seed, step);
    const fed = {
      ...feedsOf(batch, model.inputs, (tensor) => toTf(tf, tensor)),
      ...mapValues(masks, (mask) => toTf(tf, mask)),
    };
    let outputs: Record<string, TfTensor> = {};
    const loss = (...parameters: TfTensor[]) => {
      outputs = program.run({
        ...fed,
        ...weights,
        ...Object.fromEntries(names.map((name, i) => [name, parameters[i]!])),
      });
      // All but the loss would be gone once the gradients are there.
      for (const tensor of Object.values(outputs)) tf.keep(tensor);
      return tf.clone(outputs.meanLoss!);
    };
    const { grads } = tf.valueAndGrads(loss as never)(names.map((name) => weights[name]!));
    return { outputs, gradients: Object.fromEntries(names.map((name, i) => [gradientOf(name), grads[i]!])) };
  };

  const take = (batch: Batch, learningRate: number) => {
    const { outputs, gradients } = differentiated(batch);
    const scalars = mapValues(optimizer.scalarsAt(step + 1, learningRate), (value) => tf.scalar(value, 'float32'));
    const next = update.run({ ...weights, ...kept, ...gradients, ...scalars });
    return { outputs, next };
  };

  return {
    async score(batch) {
      checkBatch(model, batch);
      return scoring!.score(batch, weights);
    },
    async step(batch, learningRate) {
      checkBatch(model, batch, model.smallBatch);
      const { outputs, next } = tf.tidy(() => take(batch, learningRate));
      const pick = (values: TfTensors) => mapValues(values, (_, name) => next[nextOf(name)] ?? outputs[nextOf(name)]!);
      const [oldWeights, oldKept] = [weights, kept];
      weights = pick(weights);
      kept = pick(kept);
      step += 1;
      tf.dispose({ ...oldWeights, ...oldKept });
      const { meanLoss, loss, predicted } = outputs;
      const [mean, losses, classes] = await Promise.all([meanLoss!, loss!, predicted!].map(numbersOf));
      tf.dispose([meanLoss!, loss!, predicted!]);
      return { meanLoss: mean![0]!, loss: losses as Float32Array, predicted: classes as Int32Array };
    },
    state: async () => ({ step, tensors: await read({ ...weights, ...kept }) }),
    weights: () => read(weights),
    tensorCount: () => tf.memory().numTensors,
    release() {
      scoring?.release();
      program.dispose();
      update.dispose();
      tf.dispose({ ...weights, ...kept });
    },
  };
}

/** Throws where a batch is not what the model takes. */
function checkBatch({ classes }: TfTrainingModel, { labels }: Batch, size: number = labels.length): void {
  if (labels.length !== size) throw dataError(`Cannot train on ${labels.length} examples at once, expected ${size}`);
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) throw dataError(`Cannot use the label ${wrong}: the model knows ${classes} classes`);
}

/** A tensor for each name: the one known, else zeros. */
function tensorsOf(tf: TfModule, fed: readonly FedTensor[], known: TrainerState['tensors']): TfTensors {
  return Object.fromEntries(
    fed.map(({ name, dims }) => [
      name,
      toTf(tf, known[name] ?? { dtype: 'float32', dims, data: allocate('float32', dims) }),
    ]),
  );
}

async function read(tensors: TfTensors): Promise<Record<string, Tensor>> {
  const entries = Object.entries(tensors).map(async ([name, tensor]) => [name, await fromTf(tensor)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}
