import type { EvaluationEvent, Quantiles } from '../../src/loop/events.ts';
import type { PerSeed, StrategySummary } from '../../src/loop/summary.ts';
import type { HardExample, ReportData } from '../../src/report/reportData.ts';

/** Small figures made by hand, so that every number in a rendering can be traced to a line here. */

export function perSeed(...values: (number | null)[]): PerSeed {
  const known = values.filter((value) => value !== null);
  const mean = known.length === values.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
  return { mean, perSeed: values };
}

/** What differs between the strategies of a sample. */
export interface Figures {
  readonly steps: PerSeed;
  readonly seconds: PerSeed;
  readonly accuracy: PerSeed;
  readonly corrupted?: number | null;
}

export function summary({ steps, seconds, accuracy, corrupted = 0.4 }: Figures): StrategySummary {
  return {
    stepsToTarget: { '0.9': steps },
    secondsToTarget: { '0.9': seconds },
    epochsToTarget: { '0.9': perSeed(null) },
    finalAccuracy: { ...accuracy, lastFiveMean: 0.875 },
    seconds: perSeed(2),
    corruptedShare: { overall: corrupted, byWindow: { '1-50': corrupted === null ? null : corrupted / 2 } },
    learntShare: { overall: 0.25, byWindow: { '1-50': 0.125 } },
  };
}

const quantiles: Quantiles = { min: 0, q25: 0.1, median: 0.5, q75: 1.5, max: 9 };

export function evaluation(step: number, accuracy: number, more: Partial<EvaluationEvent> = {}): EvaluationEvent {
  return {
    type: 'evaluation',
    step,
    seconds: step / 100,
    epochs: step / 25,
    accuracy,
    loss: 1 - accuracy,
    corruptedShare: 0.3,
    learntShare: 0.2,
    selectedLoss: quantiles,
    otherLoss: null,
    ...more,
  };
}

export const hardExample: HardExample = {
  id: 1234,
  label: 3,
  trueLabel: 8,
  predicted: 8,
  loss: 7.421,
  image: { width: 2, height: 1, channels: 1, pixels: 'AP8=' },
  text: null,
};

/** `rho` reaches 0.9 in 60 steps, `uniform` in 180, `training-loss` never. */
export function sampleReport(changes: Partial<ReportData> = {}): ReportData {
  return {
    version: 1,
    title: 'A <title> & more',
    created: '2026-11-22T12:00:00.000Z',
    command: 'rho compare --strategy rho,uniform,training-loss --target 0.9',
    config: { bigBatch: 320, nested: { lr: 0.001 }, tag: '<script>alert("1")</script>' },
    versions: { 'rho-loss': '0.1.0' },
    data: {
      name: "idx:it's <here>",
      target: 10_000,
      holdout: 10_000,
      test: 2000,
      classes: 10,
      noise: 'flip:0.4',
      noiseRate: 0.4,
    },
    il: {
      model: 'mlp:64',
      parameters: 50_890,
      epochs: 5,
      bestLoss: 1.234,
      accuracy: 0.9,
      seconds: 1,
      scoringSeconds: 0.2,
    },
    strategies: {
      uniform: summary({ steps: perSeed(180), seconds: perSeed(1.1), accuracy: perSeed(0.883) }),
      rho: summary({ steps: perSeed(60), seconds: perSeed(0.6), accuracy: perSeed(0.922), corrupted: 0.24 }),
      'training-loss': summary({
        steps: perSeed(null),
        seconds: perSeed(null),
        accuracy: perSeed(0.16),
        corrupted: 0.62,
      }),
    },
    runs: [
      { strategy: 'uniform', seed: 0, evaluations: [evaluation(20, 0.5), evaluation(300, 0.883)] },
      {
        strategy: 'rho',
        seed: 0,
        evaluations: [evaluation(20, 0.8, { otherLoss: quantiles }), evaluation(300, 0.922)],
      },
      { strategy: 'training-loss', seed: 0, evaluations: [evaluation(20, 0.2), evaluation(300, 0.16)] },
    ],
    irreducible: {
      histogram: { edges: [0, 1, 2], clean: [5, 1], corrupted: [0, 4], all: [5, 5] },
      hardest: [hardExample],
    },
    notes: ['A note with <angle> brackets.'],
    ...changes,
  };
}
