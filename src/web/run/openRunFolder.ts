import { dataError } from '../../core/errors.ts';
import { readReport } from '../../jobs/report.ts';
import { readEvents } from '../../loop/eventLog.ts';
import { type Headline, headline } from '../../report/headline.ts';
import { renderHtml } from '../../report/html.ts';
import { exists, isFolder, joinPath, listFolder } from '../../runtime/web/files.ts';
import { newTarget, type TargetRun, withEvents } from './targetRun.ts';

/** A run folder to look at. */
export interface OpenedRun {
  readonly targets: readonly TargetRun[];
  /** Made again, as `rho report` does; null where the run is not finished. */
  readonly report: { readonly title: string; readonly headline: Headline; readonly html: Blob } | null;
}

/** Reads a run folder. Throws a data error where it is none. */
export async function openRunFolder(folder: string): Promise<OpenedRun> {
  const targets = await targetsIn(folder);
  if (await exists(joinPath(folder, 'report.json'))) {
    const report = await readReport(folder);
    const html = new Blob([await renderHtml(report)], { type: 'text/html' });
    return { targets, report: { title: report.title, headline: headline(report), html } };
  }
  if (targets.length === 0)
    throw dataError(
      `Cannot open "${folder}": it holds no report.json and no events.jsonl, expected the folder of "rho run", "rho train" or "rho compare"`,
    );
  return { targets, report: null };
}

/** The targets of the runs at and under `folder`, as far as they are trained. */
export async function targetsIn(folder: string): Promise<readonly TargetRun[]> {
  if (!(await isFolder(folder))) return [];
  const targets: TargetRun[] = [];
  for (const name of await listFolder(folder)) {
    const path = joinPath(folder, name);
    if (name === 'events.jsonl') targets.push(withEvents(newTarget(folder), await readEvents(path)));
    else targets.push(...(await targetsIn(path)));
  }
  return targets;
}
