import type { Device } from '../engine/engine.ts';
import type { DataOptions } from '../jobs/experiment.ts';
import type { Jobs } from './jobs.ts';

/** Data that were dropped, chosen or taken from the sample, as the jobs name them. */
export interface ChosenData {
  /** For people: "MNIST sample", "photos". */
  readonly name: string;
  /** What is left out is as on the command line. */
  readonly options: Pick<DataOptions, 'data'> & Partial<DataOptions>;
}

/** What the sections of the page share. */
export interface PageContext {
  /** The worker of jobs, started when it is first needed, which has what was given, and the sample where that is asked for. */
  readonly jobs: (needsSample: boolean) => Promise<Jobs>;
  readonly device: () => Device;
  /** Threads that a job may have. */
  readonly threads: () => number;
  /** Null while nothing is chosen. */
  readonly data: () => ChosenData | null;
  /** Whether their options can be used; where not, the browser says so beside the field. */
  readonly checkData: () => boolean;
  readonly onData: (listener: (data: ChosenData | null) => void) => void;
}
