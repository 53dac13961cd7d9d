/** Where progress goes and what it may use; the clock is an argument so that tests need not wait. */
export interface ProgressOptions {
  /** Writes to standard error. */
  readonly write: (text: string) => void;
  /** Whether that is a terminal: there one line is redrawn, elsewhere plain lines follow each other. */
  readonly isTTY: boolean;
  /** Milliseconds of any origin. */
  readonly now: () => number;
  /** Width of the terminal, 80 if left out. */
  readonly columns?: number;
}

/** Shows how far a job is. */
export interface Progress {
  /** Begins a job of `total` units, of which `from` were done before (a resumed run). */
  start(label: string, total: number, from?: number): void;
  /** `done` of `total` units are finished; `note` says more, such as a loss. */
  update(done: number, note?: string): void;
  /** Ends the line. */
  finish(note?: string): void;
}

const redrawEvery = 100;
const lineEvery = 3000;
const barWidth = 20;

/** Progress with rate and time left: at most ten redraws a second on a terminal, else a line every three seconds. */
export function makeProgress({ write, isTTY, now, columns = 80 }: ProgressOptions): Progress {
  let label = '';
  let total = 0;
  let from = 0;
  let done = 0;
  let note = '';
  let began = 0;
  let shown = 0;
  let open = false;

  const show = (text: string, end: boolean): void => {
    shown = now();
    if (!isTTY) write(`${text}\n`);
    // A line that wraps cannot be redrawn, so it is cut one short of the edge.
    else write(`\r${text.slice(0, Math.max(1, columns - 1))}\x1b[K${end ? '\n' : ''}`);
  };

  const line = (): string => {
    const elapsed = (now() - began) / 1000;
    const rate = (done - from) / elapsed;
    const moving = done > from && elapsed > 0;
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const left = moving && done < total ? `${formatClock((total - done) / rate)} left` : '';
    const amount = isTTY ? drawBar(share) : `${done} of ${total},`;
    const figures = [moving ? formatRate(rate) : '', left, note].filter((text) => text !== '');
    return `${label} ${amount} ${String(Math.floor(share * 100)).padStart(isTTY ? 3 : 0)}%${figures.map((text) => `, ${text}`).join('')}`;
  };

  return {
    start(newLabel, newTotal, startFrom = 0) {
      if (open && isTTY) write('\n');
      label = newLabel;
      total = newTotal;
      from = startFrom;
      done = startFrom;
      note = '';
      began = now();
      open = true;
      show(
        isTTY ? line() : `${label}: ${total > 0 ? `${from > 0 ? `${from} of ` : ''}${total} to do` : 'started'}`,
        false,
      );
    },
    update(newDone, newNote) {
      if (!open) return;
      done = newDone;
      if (newNote !== undefined) note = newNote;
      if (now() - shown >= (isTTY ? redrawEvery : lineEvery)) show(line(), false);
    },
    finish(newNote) {
      if (!open) return;
      open = false;
      const elapsed = (now() - began) / 1000;
      const rate = done > from && elapsed > 0 ? `, ${formatRate((done - from) / elapsed)}` : '';
      const amount = done < total ? `${done} of ${total}` : String(done);
      const last = newNote ?? note;
      show(`${label}: ${amount} in ${formatClock(elapsed)}${rate}${last === '' ? '' : `, ${last}`}`, true);
    },
  };
}

function drawBar(share: number): string {
  const full = Math.round(share * barWidth);
  return '█'.repeat(full) + '░'.repeat(barWidth - full);
}

/** Seconds as "0:42" or "1:02:03". */
export function formatClock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Units a second as "12k/s", "142/s", "14.2/s" or "1.42/s". */
export function formatRate(perSecond: number): string {
  if (perSecond >= 1e4) return `${(perSecond / 1000).toFixed(0)}k/s`;
  return `${perSecond >= 100 ? perSecond.toFixed(0) : perSecond >= 10 ? perSecond.toFixed(1) : perSecond.toFixed(2)}/s`;
}
