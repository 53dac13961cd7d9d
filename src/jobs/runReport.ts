import { type StrategyName, strategyOf } from '../core/selection.ts';
import { mean } from '../core/statistics.ts';
import { equalTimes } from '../loop/equalTimes.ts';
import type { TrainEvent } from '../loop/events.ts';
import { type Ledger, ledgerOf } from '../loop/ledger.ts';
import { summarize } from '../loop/summarize.ts';
import type { ReportData } from '../report/reportData.ts';
import { availableThreads, versions } from '../runtime/host.ts';
import { type Experiment, noiseRate } from './experiment.ts';
import type { IlStage } from './ilStage.ts';
import { costInWords, type IrreducibleCost, secondsOf } from './irreducibleCost.ts';
import { describeIrreducible } from './irreducibleReport.ts';

/** What a report is made from. */
export interface FinishedRuns {
  /** That of the first data seed. */
  readonly experiment: Experiment;
  /** One for each data seed; none where no IL model was trained. */
  readonly il: readonly IlStage[];
  /** What the irreducible losses cost that were given with --irreducible; null where none were. */
  readonly given: IrreducibleCost | null;
  /** By strategy, one list of events per seed. */
  readonly events: ReadonlyMap<StrategyName, readonly (readonly TrainEvent[])[]>;
  /** Accuracies as typed. */
  readonly targets: readonly string[];
  readonly config: object;
  readonly command: string;
}

/** Everything a report shows of finished runs. */
export async function describeRuns(runs: FinishedRuns): Promise<ReportData> {
  const { experiment, events, targets } = runs;
  const [il = null] = runs.il;
  const { data, test, split, options } = experiment;
  const times = equalTimes([...events.values()]);
  return {
    version: 1,
    title: `${[...events.keys()].join(', ')} on ${data.name}`,
    created: new Date().toISOString(),
    command: runs.command,
    config: { ...runs.config },
    versions: { ...versions() },
    data: {
      name: data.name,
      target: split.target.length,
      holdout: split.holdout.length,
      test: test.length,
      classes: data.classes,
      noise: options.labels === null ? options.noise : `labels of ${options.labels}`,
      noiseRate: noiseRate(data, split.target),
    },
    il: il && {
      model: il.card.model.architecture,
      parameters: il.card.model.parameters,
      epochs: il.card.training.epochs,
      bestLoss: il.card.best.loss,
      accuracy: il.card.best.accuracy,
      seconds: mean(runs.il.map(({ card }) => card.training.seconds)),
      scoringSeconds: mean(runs.il.map(({ scoringSeconds }) => scoringSeconds)),
    },
    strategies: Object.fromEntries([...events].map(([name, runsOf]) => [name, summarize(runsOf, targets, times)])),
    ledger: ledgers(runs),
    runs: [...events].flatMap(([strategy, runsOf]) => runsOf.map((run) => describeRun(strategy, run))),
    irreducible: il && (await describeIrreducible(il.table, data)),
    notes: notesOn(runs),
  };
}

/** What selection cost each strategy that scores its candidates. */
function ledgers({ il, given, events, targets }: FinishedRuns): Record<string, Ledger> {
  const needing = [...events].filter(([name]) => strategyOf(name).needsIrreducibleLoss);
  const sharing = needing.reduce((sum, [, runsOf]) => sum + runsOf.length, 0) / Math.max(1, il.length);
  const cost = given ?? costHere(il);
  const ledgerFor = (name: StrategyName, runs: readonly (readonly TrainEvent[])[]): Ledger =>
    ledgerOf({
      runs,
      uniform: events.get('uniform') ?? null,
      cores: availableThreads(),
      irreducible: strategyOf(name).needsIrreducibleLoss
        ? { seconds: secondsOf(cost), runs: sharing, source: costInWords(cost) }
        : null,
      targets,
    });
  const scoring = [...events].filter(([name]) => strategyOf(name).score !== null);
  return Object.fromEntries(scoring.map(([name, runsOf]) => [name, ledgerFor(name, runsOf)]));
}

/** The mean of IL models that were trained here. */
function costHere(il: readonly IlStage[]): IrreducibleCost {
  const part = (seconds: readonly number[]) => (seconds.length === 0 ? null : { seconds: mean(seconds), from: null });
  return {
    training: part(il.map(({ card }) => card.training.seconds)),
    scoring: part(il.map(({ scoringSeconds }) => scoringSeconds)),
  };
}

function describeRun(strategy: string, events: readonly TrainEvent[]): ReportData['runs'][number] {
  const start = events.find((event) => event.type === 'start');
  return { strategy, seed: start?.seed ?? 0, evaluations: events.filter((event) => event.type === 'evaluation') };
}

function notesOn({ events, il, experiment }: FinishedRuns): string[] {
  const steps = [...events.values()].flat(2).filter((event) => event.type === 'step');
  const nan = steps.reduce((sum, step) => sum + step.nanCandidates, 0);
  const notes = [];
  if (nan > 0) notes.push(`${nan} candidates were passed over because a loss was not a number.`);
  if (il.length > 1)
    notes.push(
      `Seconds of the IL model are means over ${il.length} data seeds; its accuracy, the noise rate and the irreducible losses are those of data seed ${experiment.options.dataSeed}.`,
    );
  return notes;
}
