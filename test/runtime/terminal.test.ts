import { afterEach, expect, test, vi } from 'vitest';
import { watchInterrupts } from '../../src/runtime/terminal.ts';

const before = process.listeners('SIGINT');

afterEach(() => {
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    for (const listener of process.listeners(name)) if (!before.includes(listener)) process.off(name, listener);
});

test('the first interrupt aborts, and the second one is left to the process', () => {
  const onFirst = vi.fn();
  const { signal } = watchInterrupts(onFirst);
  process.emit('SIGINT');
  expect(signal.aborted).toBe(true);
  expect(onFirst).toHaveBeenCalledTimes(1);
  expect(process.listeners('SIGINT')).toEqual(before);
});

test('interrupts that come when all is done change nothing, and the process lives through them', () => {
  const onFirst = vi.fn();
  const { signal, ignore } = watchInterrupts(onFirst);
  ignore();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGINT'] as const) {
    process.emit(name);
    expect(process.listenerCount(name)).toBeGreaterThan(before.length);
  }
  expect(signal.aborted).toBe(false);
  expect(onFirst).not.toHaveBeenCalled();
});
