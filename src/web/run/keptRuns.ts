import type { CompareOptions } from '../../jobs/compare.ts';
import { readRun } from '../../jobs/runFolder.ts';
import { exists, joinPath, listFolder } from '../../runtime/web/files.ts';

/** A comparison that the browser keeps. */
export interface KeptRun {
  readonly folder: string;
  readonly options: CompareOptions;
  readonly isFinished: boolean;
  /** Whether it has the irreducible losses' model already, or needs none. */
  readonly hasIl: boolean;
}

/** Where the page writes its runs. */
export const runsFolder = '/runs';

/** A folder for a new run, named after the moment. */
export function newRunFolder(now: Date): string {
  return joinPath(runsFolder, `compare-${now.toISOString().slice(0, 23).replace(/[:.]/g, '-')}`);
}

/**
 * The comparisons that the browser keeps for this page, newest first; none where it keeps nothing. Asks the private file system itself:
 * a page that is only looked at starts no worker.
 */
export async function keptRuns(): Promise<readonly KeptRun[]> {
  const runs: KeptRun[] = [];
  try {
    if (!(await exists(runsFolder))) return [];
    for (const name of (await listFolder(runsFolder)).toReversed()) {
      const folder = joinPath(runsFolder, name);
      const run = await readRun<CompareOptions>(folder, 'compare').catch(() => null);
      if (run === null) continue;
      const { options } = run;
      const hasIl = options.irreducible !== null || (await exists(joinPath(folder, 'il.json')));
      runs.push({ folder, options, isFinished: await exists(joinPath(folder, 'report.json')), hasIl });
    }
  } catch {
    // A browser that keeps no files for this site still trains.
  }
  return runs;
}
