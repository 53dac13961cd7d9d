import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { noticeHost } from '../../src/web/noticeHost.ts';
import type { Notice } from '../../src/web/protocol.ts';
import { stepEvent } from '../loop/events.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function gathered() {
  const sent: (readonly Notice[])[] = [];
  const { host, flush } = noticeHost((notices) => sent.push(notices), new AbortController().signal);
  return { sent, host, flush };
}

test('what a job tells within a tenth of a second is one message', () => {
  const { sent, host } = gathered();
  host.progress.start('scoring', 100);
  for (let done = 1; done <= 50; done++) host.progress.update(done, `loss ${done}`);
  host.say('a line');
  host.say('a line');
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(100);
  const progress = { label: 'scoring', done: 50, total: 100, from: 0, note: 'loss 50', finished: false };
  expect(sent).toEqual([
    [
      { kind: 'progress', progress: { ...progress, seconds: expect.any(Number) } },
      { kind: 'line', line: 'a line' },
      { kind: 'line', line: 'a line' },
    ],
  ]);
  vi.advanceTimersByTime(1000);
  expect(sent).toHaveLength(1);
});

test('the last of each part is told, and every event of each run in order', () => {
  const { sent, host, flush } = gathered();
  host.progress.start('IL model', 2);
  host.progress.finish('done');
  host.progress.start('rho', 4, 2);
  host.progress.update(3);
  host.onEvent!(stepEvent(1), '/run/rho');
  host.onEvent!(stepEvent(2), '/run/rho');
  host.onEvent!(stepEvent(1), '/run/uniform');
  flush();
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject([
    { kind: 'progress', progress: { label: 'IL model', done: 0, finished: true, note: 'done' } },
    { kind: 'progress', progress: { label: 'rho', done: 3, from: 2, total: 4, finished: false, note: '' } },
    { kind: 'events', folder: '/run/rho', events: [{ step: 1 }, { step: 2 }] },
    { kind: 'events', folder: '/run/uniform', events: [{ step: 1 }] },
  ]);
  flush();
  expect(sent).toHaveLength(1);
});
