import { dataError } from '../core/errors.ts';
import type { EvaluationEvent } from '../loop/events.ts';
import type { Ledger } from '../loop/ledger.ts';
import type { StrategySummary } from '../loop/summary.ts';

/** A small picture as stored: uint8, one channel after the other, each row by row. */
export interface ReportImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Base64 of channels x height x width bytes. */
  readonly pixels: string;
}

/** An example the IL model finds hard: an outlier, or one with a wrong label. */
export interface HardExample {
  readonly id: number;
  /** The label as trained on. */
  readonly label: number;
  /** The label before noise was added; null where it is not known. */
  readonly trueLabel: number | null;
  /** What the IL model predicts. */
  readonly predicted: number;
  /** The irreducible loss. */
  readonly loss: number;
  readonly image: ReportImage | null;
  readonly text: string | null;
}

/** Counts of irreducible losses: bin i holds those from edges[i] up to edges[i + 1]. */
export interface Histogram {
  readonly edges: readonly number[];
  /** Null where the true labels are not known. */
  readonly clean: readonly number[] | null;
  readonly corrupted: readonly number[] | null;
  readonly all: readonly number[];
}

/** The evaluations of one run, in the order of their steps. */
export interface ReportRun {
  readonly strategy: string;
  readonly seed: number;
  readonly evaluations: readonly EvaluationEvent[];
}

/** Everything a report shows. Stands in a run folder as JSON, so that a run is rendered again without its data set. */
export interface ReportData {
  readonly version: 1;
  readonly title: string;
  /** When the runs ended, ISO 8601. */
  readonly created: string;
  /** The command that makes these runs again. */
  readonly command: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly data: {
    readonly name: string;
    /** Numbers of examples. */
    readonly target: number;
    readonly holdout: number;
    readonly test: number;
    readonly classes: number;
    /** As typed, for instance `flip:0.4`, or `none`. */
    readonly noise: string;
    /** Share of labels in the target set that are wrong; null where the truth is not known. */
    readonly noiseRate: number | null;
  };
  /** Null where the irreducible losses came from elsewhere or were not needed. */
  readonly il: {
    readonly model: string;
    readonly parameters: number;
    readonly epochs: number;
    readonly bestLoss: number;
    readonly accuracy: number;
    /** Seconds of training. */
    readonly seconds: number;
    readonly scoringSeconds: number;
  } | null;
  readonly strategies: Readonly<Record<string, StrategySummary>>;
  /** What selection cost, by strategy that scores its candidates; absent in reports of before there was this. */
  readonly ledger?: Readonly<Record<string, Ledger>>;
  readonly runs: readonly ReportRun[];
  readonly irreducible: { readonly histogram: Histogram; readonly hardest: readonly HardExample[] } | null;
  /** Warnings and remarks of the run, a sentence each. */
  readonly notes: readonly string[];
}

/** Reads report data back from JSON. Throws a data error naming `where` if it is not JSON or not version 1. */
export function parseReportData(json: string, where: string): ReportData {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw dataError(`Cannot read ${where}: it is not valid JSON; run "rho compare" again to write it anew.`);
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (version !== 1) {
    throw dataError(
      `Cannot read ${where}: its version is ${JSON.stringify(version) ?? 'missing'}, this program reads version 1; use the release that wrote it.`,
    );
  }
  return value as ReportData;
}

/** The target accuracies of all strategies as typed, smallest first. */
export function targetsOf(data: ReportData): string[] {
  const keys = new Set(Object.values(data.strategies).flatMap((summary) => Object.keys(summary.stepsToTarget)));
  return [...keys].sort((a, b) => Number(a) - Number(b));
}

/** The seeds of all runs, smallest first. */
export function seedsOf(data: ReportData): number[] {
  return [...new Set(data.runs.map((run) => run.seed))].sort((a, b) => a - b);
}

/** The last step any run was evaluated at; 0 without runs. */
export function lastStepOf(data: ReportData): number {
  return Math.max(0, ...data.runs.map((run) => run.evaluations.at(-1)?.step ?? 0));
}
