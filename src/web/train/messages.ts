import type { NamedFile } from '../protocol.ts';
import type { OpenedRun } from '../run/openRunFolder.ts';
import type { TargetRun } from '../run/targetRun.ts';
import type { ShownExample } from './shownExample.ts';

/** What the worker answers of runs besides training them. */
export type TrainCalls = {
  /** Examples of the data that the target in `folder` is trained on now, or was last; none where these are not open. */
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
