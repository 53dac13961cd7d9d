import { expect, test } from 'vitest';
import { reportedLater } from '../../src/core/reportedLater.ts';

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

test('a failure waits for whoever awaits it, and counts as handled until then', async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', listener);
  try {
    const promise = Promise.reject(new Error('later'));
    expect(reportedLater(promise)).toBe(promise);
    await turn();
    expect(unhandled).toEqual([]);
    await expect(promise).rejects.toThrow('later');
  } finally {
    process.off('unhandledRejection', listener);
  }
});

test('a result is there as before', async () => {
  expect(await reportedLater(Promise.resolve(3))).toBe(3);
});
