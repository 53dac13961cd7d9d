import type { DeviceChoice } from '../engine/ort/chooseDevice.ts';
import type { DeviceReport } from '../engine/ort/probe.ts';
import type { CompareOptions } from '../jobs/compare.ts';
import type { DataOptions } from '../jobs/experiment.ts';
import type { ScoreOptions, ScoreResult } from '../jobs/score.ts';
import type { TrainEvent } from '../loop/events.ts';
import type { ReportData } from '../report/reportData.ts';
import type { Reply, Request } from '../runtime/calls.ts';
import type { Versions } from '../runtime/host.ts';
import type { LossTable } from '../store/lossTable.ts';
import type { StoreManifest } from '../store/manifest.ts';
import type { ColumnsAnswer, ColumnsQuestion } from './choose/columns.ts';
import type { Choice, ChoicePreview } from './choose/previewChoice.ts';
import type { LookCalls } from './look/messages.ts';
import type { StoreCalls } from './score/storeHandlers.ts';
import type { TrainCalls } from './train/messages.ts';

/** A file with the path that jobs know it by, from the root. */
export interface NamedFile {
  readonly path: string;
  readonly file: Blob;
}

/** What the page asks to be scored, and how. */
export interface ScoreRequest {
  /** An .onnx file; its card il.json beside it is read where there is one. */
  readonly model: string;
  /** What is left out is as on the command line. */
  readonly data: Pick<DataOptions, 'data'> & Partial<DataOptions>;
  readonly options: Pick<ScoreOptions, 'device'> & Partial<ScoreOptions>;
  /** Where the store is written: what is there of the same scoring is gone on with. */
  readonly folder: string;
}

/** What the page asks to be trained side by side, and how. What is left out is as on the command line. */
export interface CompareRequest {
  readonly options: Pick<CompareOptions, 'data' | 'device' | 'strategies'> & Partial<CompareOptions>;
  /** The folder of the run: one that was interrupted goes on by the options it was begun with. */
  readonly folder: string;
}

/** What works in this browser, and why the rest does not. */
export interface PageDiagnosis {
  readonly versions: Versions;
  readonly devices: readonly DeviceReport[];
  /** What is taken where nobody says otherwise. */
  readonly auto: DeviceChoice;
  /** Threads that a session of WebAssembly may have. */
  readonly threads: number;
  /** Why that is one; null where it is not for want of headers. */
  readonly whyOneThread: string | null;
}

/** A loss store to look at. */
export interface OpenStore {
  readonly manifest: StoreManifest;
  readonly table: LossTable;
}

/** What the worker of jobs answers, by name. Jobs that write into the same folder refuse each other. */
export type JobCalls = LookCalls &
  StoreCalls &
  TrainCalls & {
    /**
     * Makes files readable in place of all that was given under `folder` before, or with `more` beside it. They are read in slices,
     * never copied.
     */
    readonly give: (argument: {
      readonly folder: string;
      readonly files: readonly NamedFile[];
      readonly more?: boolean;
    }) => Promise<void>;
    /** Whether a model and data can be read and fit, and how many examples would be scored. */
    readonly previewChoice: (choice: Choice) => Promise<ChoicePreview>;
    /** A table whose columns are called what the readers look for. */
    readonly renamed: (argument: {
      readonly question: ColumnsQuestion;
      readonly answer: ColumnsAnswer;
    }) => Promise<Blob>;
    /** Tries the devices, each in a worker of its own: fetches the files of each. */
    readonly diagnose: (argument: null) => Promise<PageDiagnosis>;
    readonly score: (request: ScoreRequest) => Promise<ScoreResult>;
    readonly compare: (request: CompareRequest) => Promise<ReportData>;
    /** A store with all its rows; `look` tells what a page shows of one that is large. */
    readonly openStore: (folder: string) => Promise<OpenStore>;
    /** All files at and under a path, to be downloaded: none is read yet. */
    readonly files: (path: string) => Promise<readonly NamedFile[]>;
    /** Removes what the browser keeps at a path. */
    readonly remove: (path: string) => Promise<void>;
  };

/** What a job tells on its way, at most some times a second. */
export type Notice =
  | { readonly kind: 'progress'; readonly progress: ProgressNotice }
  | { readonly kind: 'line'; readonly line: string }
  /** Events of the target that is trained in `folder`, in order. */
  | { readonly kind: 'events'; readonly folder: string; readonly events: readonly TrainEvent[] };

/** How far a part of a job is. */
export interface ProgressNotice {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** Units that were done before this time. */
  readonly from: number;
  /** Seconds since this part began. */
  readonly seconds: number;
  /** More, such as a loss. */
  readonly note: string;
  readonly finished: boolean;
}

/** From the page to the worker: a call, or the wish that one ends soon. */
export type ToWorker = Request | { readonly cancel: number };
/** From the worker to the page: what a call tells on its way, and what came of it. */
export type FromWorker = Reply | { readonly id: number; readonly notices: readonly Notice[] };
