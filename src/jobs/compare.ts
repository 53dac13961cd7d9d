import { usageError } from '../core/errors.ts';
import { type StrategyName, strategyOf } from '../core/selection.ts';
import type { TrainEvent } from '../loop/events.ts';
import type { IrreducibleLosses } from '../loop/irreducible.ts';
import type { ReportData } from '../report/reportData.ts';
import { joinPath } from '../runtime/files.ts';
import { type DataOptions, type Experiment, openExperiment } from './experiment.ts';
import { type Host, untilInterrupted } from './host.ts';
import type { IlOptions } from './il.ts';
import { type IlStage, prepareIrreducible } from './ilStage.ts';
import { openIrreducible } from './irreducibleSource.ts';
import { writeReport } from './report.ts';
import { whileLocked } from './runLock.ts';
import { describeRuns } from './runReport.ts';
import { checkTarget, runSelection, type TrainingOptions } from './selectionRun.ts';
import { onlineDevice } from './threadBudget.ts';

/** Several strategies from several seeds; one IL model for each data seed, shared by all runs on its data. */
export interface CompareOptions extends Omit<DataOptions, 'dataSeed'>, TrainingOptions, Omit<IlOptions, 'seed'> {
  readonly strategies: readonly StrategyName[];
  readonly seeds: readonly number[];
  /** One for all seeds, or one for each. */
  readonly dataSeeds: readonly number[];
  /** Accuracies to reach, as typed. */
  readonly targets: readonly string[];
  /** A loss store or an IL model to use instead of training one; null trains one. */
  readonly irreducible: string | null;
}

/**
 * Trains IL models, scores, trains a target for every strategy and seed, and writes report.json and report.html into
 * `folder`. What an interrupted comparison left there is gone on with.
 */
export function compare(options: CompareOptions, folder: string, command: string, host: Host): Promise<ReportData> {
  return whileLocked(folder, host, (locking) => compareLocked(options, folder, command, locking));
}

async function compareLocked(
  options: CompareOptions,
  folder: string,
  command: string,
  host: Host,
): Promise<ReportData> {
  const { seeds, dataSeeds, strategies } = options;
  if (dataSeeds.length !== 1 && dataSeeds.length !== seeds.length)
    throw usageError(
      `Cannot pair ${dataSeeds.length} --data-seed with ${seeds.length} --seed: expected one for all, or one for each`,
    );
  // One list for each seed, in the order of the seeds.
  const events = new Map(strategies.map((name) => [name, new Array<readonly TrainEvent[]>(seeds.length)]));
  let first: Experiment | undefined;
  const il: IlStage[] = [];
  for (const dataSeed of new Set(dataSeeds)) {
    const opening = openExperiment({ ...options, dataSeed });
    const experiment = await untilInterrupted(host, 'while the data were opened', opening);
    await checkTarget(experiment, options);
    const ilFolder = new Set(dataSeeds).size > 1 ? joinPath(folder, `data-seed-${dataSeed}`) : folder;
    const { stage, irreducible } = await irreducibleFor(experiment, options, ilFolder, host);
    first ??= experiment;
    if (stage !== null) il.push(stage);
    try {
      for (const [index, seed] of seeds.entries()) {
        if ((dataSeeds[index] ?? dataSeeds[0]) !== dataSeed) continue;
        for (const strategy of strategies) {
          const runFolder = joinPath(folder, seeds.length > 1 ? `${strategy}-seed-${seed}` : strategy);
          const run = { strategy, seed, irreducible, folder: runFolder };
          host.onData?.(experiment.data, runFolder);
          events.get(strategy)![index] = await runSelection(experiment, run, options, host);
        }
      }
    } finally {
      await irreducible?.close();
    }
  }
  const report = await describeRuns({
    experiment: first!,
    il,
    events,
    targets: options.targets,
    config: options,
    command,
  });
  await writeReport(folder, report);
  return report;
}

/** The irreducible losses that the strategies need; none where none of them needs any. */
async function irreducibleFor(
  experiment: Experiment,
  options: CompareOptions,
  folder: string,
  host: Host,
): Promise<{ readonly stage: IlStage | null; readonly irreducible: IrreducibleLosses | null }> {
  if (!options.strategies.some((name) => strategyOf(name).needsIrreducibleLoss))
    return { stage: null, irreducible: null };
  if (options.irreducible !== null)
    return {
      stage: null,
      irreducible: await openIrreducible(options.irreducible, experiment, onlineDevice(options), host.say),
    };
  const stage = await prepareIrreducible(experiment, { ...options, seed: experiment.options.dataSeed }, folder, host);
  return { stage, irreducible: await openIrreducible(stage.store, experiment, onlineDevice(options), host.say) };
}
