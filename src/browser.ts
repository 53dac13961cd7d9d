// The public surface of the web: what browsers have in common with the others, and the jobs of the command line in a worker.
export * from './common.ts';
export type { ScoreResult } from './jobs/score.ts';
export type { ReportData } from './report/reportData.ts';
export type { LossTable } from './store/lossTable.ts';
export type { StoreManifest } from './store/manifest.ts';
export { type CallOptions, type Jobs, startJobs } from './web/jobs.ts';
export type {
  CompareRequest,
  JobCalls,
  NamedFile,
  Notice,
  OpenStore,
  PageDiagnosis,
  ProgressNotice,
  ScoreRequest,
} from './web/protocol.ts';
