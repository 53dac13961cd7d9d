import type { StrategyName } from '../core/selection.ts';
import { strategyOf } from '../core/selection.ts';
import type { ReportData } from '../report/reportData.ts';
import { type DataOptions, openExperiment } from './experiment.ts';
import type { Host } from './host.ts';
import { costOfIrreducible } from './irreducibleCost.ts';
import { openIrreducible, requireIrreducible } from './irreducibleSource.ts';
import { writeReport } from './report.ts';
import { describeRuns } from './runReport.ts';
import { checkTarget, runSelection, type TrainingOptions } from './selectionRun.ts';
import { onlineDevice } from './threadBudget.ts';

export interface TrainJobOptions extends DataOptions, TrainingOptions {
  readonly strategy: StrategyName;
  readonly seed: number;
  /** A loss store or an IL model; null for a strategy that needs none. */
  readonly irreducible: string | null;
  /** Accuracies to reach, as typed. */
  readonly targets: readonly string[];
}

/** Trains one target in `folder`, or goes on where that was interrupted, and writes its report. */
export async function trainTarget(
  options: TrainJobOptions,
  folder: string,
  command: string,
  host: Host,
): Promise<ReportData> {
  requireIrreducible([options.strategy], options.irreducible);
  const experiment = await openExperiment(options);
  await checkTarget(experiment, options);
  const needed = strategyOf(options.strategy).needsIrreducibleLoss ? options.irreducible : null;
  const irreducible =
    needed === null ? null : await openIrreducible(needed, experiment, onlineDevice(options), host.say);
  try {
    const run = { strategy: options.strategy, seed: options.seed, irreducible, folder };
    const events = new Map([[options.strategy, [await runSelection(experiment, run, options, host)]]]);
    const { targets } = options;
    const given = needed === null ? null : await costOfIrreducible(needed);
    const report = await describeRuns({ experiment, il: [], given, events, targets, config: options, command });
    await writeReport(folder, report);
    return report;
  } finally {
    await irreducible?.close();
  }
}
