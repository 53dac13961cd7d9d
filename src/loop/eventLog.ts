import { dataError } from '../core/errors.ts';
import { openAppend, readText } from '../runtime/files.ts';
import type { TrainEvent } from './events.ts';

/** The events of a run as a file of JSON lines that only grows. */
export interface EventLog {
  append(event: TrainEvent): Promise<void>;
  /** Makes sure that all events are on disk and returns the length of the file in bytes. */
  sync(): Promise<number>;
  close(): Promise<void>;
}

/** Opens an event file at `bytes` from its start; what stands behind is cut off. */
export async function openEventLog(path: string, bytes: number): Promise<EventLog> {
  const file = await openAppend(path);
  await file.truncate(bytes);
  return {
    append: (event) => file.write(`${JSON.stringify(event)}\n`),
    async sync() {
      await file.sync();
      return file.size();
    },
    close: () => file.close(),
  };
}

/** The events in a file; a last line that was cut off by a kill is left out. Throws a data error for anything else. */
export async function readEvents(path: string): Promise<readonly TrainEvent[]> {
  const lines = (await readText(path)).split('\n');
  const whole = lines.slice(0, -1);
  return whole.map((line, index) => {
    try {
      return JSON.parse(line) as TrainEvent;
    } catch {
      throw dataError(`Cannot read "${path}": line ${index + 1} is not JSON, expected one event a line`);
    }
  });
}
