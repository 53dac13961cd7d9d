import type { Host } from '../jobs/host.ts';
import type { TrainEvent } from '../loop/events.ts';
import type { Notice, ProgressNotice } from './protocol.ts';

/** Milliseconds between two messages to the page. */
const sendEvery = 100;

/** A job's host that tells the page what goes on, and what sends what is left when the job has ended. */
export interface NoticeHost {
  readonly host: Host;
  readonly flush: () => void;
}

/** What a job tells goes to `send`, gathered: a step takes less time than the page needs to show it. */
export function noticeHost(send: (notices: readonly Notice[]) => void, signal: AbortSignal): NoticeHost {
  let notices: Notice[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (notices.length > 0) send(notices);
    notices = [];
  };
  const tell = (notice: Notice) => {
    notices = joined(notices, notice);
    timer ??= setTimeout(flush, sendEvery);
  };
  let progress: ProgressNotice = { label: '', done: 0, total: 0, from: 0, seconds: 0, note: '', finished: true };
  let began = 0;
  const move = (change: Partial<ProgressNotice>) => {
    progress = { ...progress, ...change, seconds: (performance.now() - began) / 1000 };
    tell({ kind: 'progress', progress });
  };
  const host: Host = {
    progress: {
      start(label, total, from = 0) {
        began = performance.now();
        move({ label, total, from, done: from, note: '', finished: false });
      },
      update: (done, note) => move({ done, ...(note !== undefined && { note }) }),
      finish: (note) => move({ finished: true, ...(note !== undefined && { note }) }),
    },
    say: (line) => tell({ kind: 'line', line }),
    signal,
    afterInterrupt: () => 'start it again to go on',
    begin: async () => undefined,
    onEvent: (event, folder) => tell({ kind: 'events', folder, events: [event] }),
  };
  return { host, flush };
}

/** Notices with one more: of the progress of a part only the last counts, events of a run go into one list. */
function joined(notices: Notice[], notice: Notice): Notice[] {
  const last = notices.findLast(({ kind }) => kind === notice.kind);
  if (last?.kind === 'events' && notice.kind === 'events' && last.folder === notice.folder) {
    (last.events as TrainEvent[]).push(...notice.events);
    return notices;
  }
  if (last?.kind === 'progress' && notice.kind === 'progress' && last.progress.label === notice.progress.label)
    return [...notices.filter((other) => other !== last), notice];
  return [...notices, notice];
}
