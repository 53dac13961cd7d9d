import type { ReportData } from '../report/reportData.ts';
import { renderTable } from '../report/table.ts';
import { joinPath } from '../runtime/files.ts';
import { wantsColour } from '../runtime/terminal.ts';
import type { Outcome } from './session.ts';

/** What a finished run prints. */
export function runOutcome(report: ReportData, folder: string): Outcome {
  const { strategies, ledger, config, versions, data, il } = report;
  const ilSeconds = il === null ? null : il.seconds + il.scoringSeconds;
  return {
    json: { strategies, ledger, config, versions, data, ilSeconds, folder },
    text: `${renderTable(report, wantsColour())}\nReport: ${joinPath(folder, 'report.html')}`,
  };
}
