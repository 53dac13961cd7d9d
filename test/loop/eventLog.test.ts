import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openEventLog, readEvents } from '../../src/loop/eventLog.ts';
import type { TrainEvent } from '../../src/loop/events.ts';
import { temporaryFolder } from '../temporaryFolder.ts';
import { evaluationEvent, stepEvent } from './events.ts';

const folder = temporaryFolder();

/** Appends events to a file from `bytes` on, and returns its length. */
async function write(path: string, bytes: number, ...events: TrainEvent[]): Promise<number> {
  const log = await openEventLog(path, bytes);
  for (const event of events) await log.append(event);
  const length = await log.sync();
  await log.close();
  return length;
}

test('events are read as they were written, one a line', async () => {
  const path = folder.at('events.jsonl');
  const events = [stepEvent(1, { loss: 0.1 }), stepEvent(2), evaluationEvent(2, 0.5)];
  const length = await write(path, 0, ...events);
  expect(length).toBe((await stat(path)).size);
  expect((await readFile(path, 'utf8')).split('\n').length).toBe(4);
  expect(await readEvents(path)).toEqual(events);
});

test('what stands behind the length that a checkpoint names is cut off', async () => {
  const path = folder.at('events.jsonl');
  const length = await write(path, 0, stepEvent(1), stepEvent(2));
  await write(path, length, stepEvent(3), stepEvent(4));
  await appendFile(path, '{"type":"st');
  await write(path, length, stepEvent(3, { loss: 9 }));
  expect(await readEvents(path)).toEqual([stepEvent(1), stepEvent(2), stepEvent(3, { loss: 9 })]);
  await write(path, 0);
  expect(await readEvents(path)).toEqual([]);
});

test('a last line that a kill cut off is left out, wherever it was cut', async () => {
  const path = folder.at('events.jsonl');
  const whole = `${JSON.stringify(stepEvent(1))}\n`;
  const last = `${JSON.stringify(stepEvent(2))}\n`;
  for (let length = 0; length < last.length; length += 7) {
    await writeFile(path, whole + last.slice(0, length));
    expect(await readEvents(path)).toEqual([stepEvent(1)]);
  }
  await writeFile(path, whole + last);
  expect((await readEvents(path)).length).toBe(2);
});

test('a damaged line before the last is bad data', async () => {
  const path = folder.at('events.jsonl');
  await writeFile(path, `${JSON.stringify(stepEvent(1))}\n{"type":\n${JSON.stringify(stepEvent(2))}\n`);
  await expect(readEvents(path)).rejects.toMatchObject({
    kind: 'data',
    message: `Cannot read "${path}": line 2 is not JSON, expected one event a line`,
  });
});
