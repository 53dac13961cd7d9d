import { dataError } from '../core/errors.ts';
import { renderHtml } from '../report/html.ts';
import { parseReportData, type ReportData } from '../report/reportData.ts';
import { exists, joinPath, readText, writeFileAtomic } from '../runtime/files.ts';

/** Writes `report.json` and, rendered from it, `report.html` into a run folder. */
export async function writeReport(folder: string, report: ReportData): Promise<void> {
  await writeFileAtomic(joinPath(folder, 'report.json'), `${JSON.stringify(report)}\n`);
  await writeFileAtomic(joinPath(folder, 'report.html'), await renderHtml(report));
}

/** Renders the report of a finished run folder again, and returns what it shows. */
export async function renderAgain(folder: string): Promise<ReportData> {
  const report = await readReport(folder);
  await writeFileAtomic(joinPath(folder, 'report.html'), await renderHtml(report));
  return report;
}

/** What the report of a finished run folder shows. Throws a data error where there is none. */
export async function readReport(folder: string): Promise<ReportData> {
  const path = joinPath(folder, 'report.json');
  if (!(await exists(path)))
    throw dataError(
      `Cannot render "${folder}": it holds no report.json, expected the folder of a finished "rho run", "rho train" or "rho compare"`,
    );
  return parseReportData(await readText(path), path);
}
