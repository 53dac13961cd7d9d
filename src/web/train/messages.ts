import type { NamedFile } from '../protocol.ts';
import type { OpenedRun } from '../run/openRunFolder.ts';
import type { TargetRun } from '../run/targetRun.ts';
import type { ShownExample } from './shownExample.ts';

/** What the worker answers of runs besides training them. */
export type TrainCalls = {
  /** Examples of a target that is trained now, or was last; none before its data are open, and of targets of other runs. */
  readonly chosen: (argument: {
    readonly folder: string;
    readonly ids: readonly number[];
  }) => Promise<readonly ShownExample[]>;
  /** The targets of the runs at and under a folder, as far as they are trained. */
  readonly targets: (folder: string) => Promise<readonly TargetRun[]>;
  /** A run folder, its report made again. */
  readonly openRun: (folder: string) => Promise<OpenedRun>;
  /** Writes files to where the browser keeps them, so that they are there after a reload. */
  readonly keep: (files: readonly NamedFile[]) => Promise<void>;
};
