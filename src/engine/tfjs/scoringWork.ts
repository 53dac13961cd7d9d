import { type Batch, sliceBatch } from '../../core/batch.ts';
import type { Graph } from '../../onnx/graph.ts';
import { type ExampleOutput, labelsInput } from '../../onnx/lossHead.ts';
import type { TfModule, TfTensor } from '../../onnx/ops/execution.ts';
import type { Scores } from '../engine.ts';
import { compile, type Program, type TfTensors } from './interpreter.ts';
import { numbersOf, toTf } from './tensors.ts';

/** A score graph whose weights are inputs, and how to feed it. */
export interface TfScoringModel {
  readonly graph: Graph;
  readonly inputs: readonly string[];
  readonly outputs: readonly ExampleOutput[];
}

/** What scores with TensorFlow.js in the thread of a trainer. */
export interface TfScoringWork {
  score(batch: Batch, weights: TfTensors): Promise<Scores>;
  release(): void;
}

/** Examples of one run: all values between input and loss are in memory until it ends. */
const examplesPerRun = 100;

export function openTfScoringWork(tf: TfModule, { graph, inputs, outputs }: TfScoringModel): TfScoringWork {
  const programs = new Map<number, Program>();
  const programFor = (size: number): Program => {
    const program = programs.get(size) ?? compile(tf, graph, size);
    programs.set(size, program);
    return program;
  };
  const scorePart = async (part: Batch, weights: TfTensors) => {
    const program = programFor(part.labels.length);
    const results = tf.tidy(() => program.run({ ...feedsOf(tf, part, inputs), ...weights }));
    try {
      return await Promise.all(outputs.map((output) => numbersOf(results[output]!)));
    } finally {
      tf.dispose(results);
    }
  };
  return {
    async score(batch, weights) {
      const count = batch.labels.length;
      const scores = outputs.map((output) =>
        output === 'predicted' ? new Int32Array(count) : new Float32Array(count),
      );
      for (let from = 0; from < count; from += examplesPerRun) {
        const parts = await scorePart(sliceBatch(batch, from, from + examplesPerRun), weights);
        parts.forEach((part, index) => {
          scores[index]!.set(part, from);
        });
      }
      return Object.fromEntries(outputs.map((output, index) => [output, scores[index]])) as unknown as Scores;
    },
    release() {
      for (const program of programs.values()) program.dispose();
    },
  };
}

/** The tensors of a batch by input name, and the labels. */
export function feedsOf(tf: TfModule, batch: Batch, inputs: readonly string[]): Record<string, TfTensor> {
  const labels = { dtype: 'int32', dims: [batch.labels.length], data: batch.labels } as const;
  return Object.fromEntries([
    ...inputs.map((input, index) => [input, toTf(tf, batch.inputs[index]!)] as const),
    [labelsInput, toTf(tf, labels)],
  ]);
}
