import type { Batch } from '../../core/batch.ts';
import type { Graph } from '../../onnx/graph.ts';
import type { ExampleOutput } from '../../onnx/lossHead.ts';
import type { TfModule } from '../../onnx/ops/execution.ts';
import type { Scores } from '../engine.ts';
import { feedsOf, scoreInRuns } from '../scoreInRuns.ts';
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
    const results = tf.tidy(() => program.run({ ...feedsOf(part, inputs, (tensor) => toTf(tf, tensor)), ...weights }));
    try {
      return await Promise.all(outputs.map((output) => numbersOf(results[output]!)));
    } finally {
      tf.dispose(results);
    }
  };
  return {
    score: (batch, weights) => scoreInRuns(batch, outputs, { examplesPerRun }, (part) => scorePart(part, weights)),
    release() {
      for (const program of programs.values()) program.dispose();
    },
  };
}
