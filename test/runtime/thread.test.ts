import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { RhoError } from '../../src/core/errors.ts';
import { type Patience, siblingModule, startThread, type Thread, ThreadFailure } from '../../src/runtime/thread.ts';

type Calls = {
  readonly echo: (value: unknown) => unknown;
  /** Answers after `ms` with how many answers were given before. */
  readonly wait: (ms: number) => Promise<number>;
  readonly double: (values: Float32Array) => Float32Array;
  /** Gives away an array the first time, and then what is left of its length. */
  readonly give: (argument: null) => Float32Array | number;
  readonly fail: (how: 'usage' | 'error' | 'text' | 'nothing') => never;
  readonly unclonable: (argument: null) => unknown;
  /** Ends the thread: by process.exit, or by an error or text that nobody catches. */
  readonly die: (how: 'exit' | 'error' | 'text') => Promise<never>;
  readonly missing: (argument: null) => never;
  /** Never ends, so that nothing else is answered either: by blocking the thread, or by waiting for something that does not come. */
  readonly hang: (how: 'block' | 'promise') => Promise<never>;
};

const folder = mkdtempSync(join(tmpdir(), 'rho-thread-'));
const threads: Thread<Calls>[] = [];

function moduleOf(name: string, code: string): URL {
  const path = join(folder, name);
  writeFileSync(path, code);
  return pathToFileURL(path);
}

const built = (path: string) => new URL(`../../dist/${path}`, import.meta.url).href;

const serving = moduleOf(
  'serving.mjs',
  `import { usageError } from '${built('core/errors.js')}';
  import { serveThread } from '${built('runtime/thread.js')}';
  const later = (ms, work) => new Promise((resolve) => setTimeout(() => resolve(work?.()), ms));
  let answered = 0;
  const given = Float32Array.of(1, 2);
  const throwing = { usage: () => usageError('wrong option'), error: () => new TypeError('a mistake'), text: () => 'text', nothing: () => undefined };
  serveThread({
    echo: (value) => value,
    wait: (ms) => later(ms, () => answered++),
    give: () => (given.length > 0 ? given : 0),
    double: (values) => values.map((value) => 2 * value),
    fail: (how) => { throw throwing[how](); },
    unclonable: () => () => {},
    die: (how) => {
      if (how === 'exit') process.exit(7);
      setTimeout(() => { throw how === 'text' ? 'plain text' : new Error('out of order'); });
      return later(60_000);
    },
    hang: (how) => {
      // As in a loop, but without a core.
      if (how === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return new Promise(() => {});
    },
  });`,
);

function start(module: URL = serving, patience?: Patience): Thread<Calls> {
  const thread = startThread<Calls>(module, 'test', patience);
  threads.push(thread);
  return thread;
}

afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.stop()));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a thread', () => {
  test('answers calls one after another, in the order they were made', async () => {
    const thread = start();
    const order: string[] = [];
    const made = [30, 1, 10].map((ms, index) =>
      thread.call('wait', ms).then((before) => order.push(`${index}:${before}`)),
    );
    await Promise.all(made);
    expect(order).toEqual(['0:0', '1:1', '2:2']);
  });

  test('gets and gives plain data', async () => {
    const value = { name: 'a', numbers: [1, 2.5], data: Float32Array.of(1, 2), map: new Map([['k', 1n]]) };
    expect(await start().call('echo', value)).toEqual(value);
  });

  test('takes the buffers it is handed, and hands its own back', async () => {
    const values = Float32Array.of(1, 2, 3);
    const thread = start();
    const result = await thread.call('double', values, [values.buffer]);
    expect(values.length).toBe(0);
    expect([...result]).toEqual([2, 4, 6]);
    expect(await thread.call('give', null)).toEqual(Float32Array.of(1, 2));
    expect(await thread.call('give', null)).toBe(0);
  });

  test('gives errors back with their kind and message, and goes on', async () => {
    const thread = start();
    const usage = await thread.call('fail', 'usage').catch((error) => error);
    expect(usage).toBeInstanceOf(RhoError);
    expect(usage).toMatchObject({
      kind: 'usage',
      message: 'wrong option',
      stack: expect.stringContaining('serving.mjs'),
    });
    await expect(thread.call('fail', 'error')).rejects.toThrow(/^a mistake$/);
    await expect(thread.call('fail', 'text')).rejects.toThrow('text');
    await expect(thread.call('fail', 'nothing')).rejects.toThrow();
    expect(await thread.call('echo', 1)).toBe(1);
  });

  test('says so when it has no such method, or cannot send a result or be sent an argument', async () => {
    const thread = start();
    await expect(thread.call('missing', null)).rejects.toThrow();
    await expect(thread.call('unclonable', null)).rejects.toThrow('could not be cloned');
    await expect(thread.call('echo', () => {})).rejects.toThrow('could not be cloned');
    expect(await thread.call('echo', 1)).toBe(1);
  });
});

describe('a thread that dies rejects the calls it has and all later ones', () => {
  test.each([
    ['exit', 'The test thread ended: exit code 7'],
    ['error', 'The test thread ended: out of order'],
    ['text', 'The test thread ended: plain text'],
  ] as const)('by %s', async (how, message) => {
    const thread = start();
    const calls = [thread.call('die', how), thread.call('echo', 1), thread.call('wait', 1)];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { message } });
    }
    await expect(thread.call('echo', 2)).rejects.toThrow(message);
    await thread.stop();
    await expect(thread.call('echo', 3)).rejects.toThrow(message);
  });

  test.each([
    ['that throws at once', moduleOf('throws.mjs', "throw new Error('bad start');"), 'bad start'],
    ['that ends at once', moduleOf('ends.mjs', 'process.exit(3);'), 'exit code 3'],
    ['that answers nothing', moduleOf('silent.mjs', ''), 'exit code 0'],
    ['that cannot be read', pathToFileURL(join(folder, 'absent.mjs')), 'absent.mjs'],
    ['that is not JavaScript', moduleOf('broken.mjs', 'this is not code'), 'ended: '],
  ])('as of a module %s', async (_, module, reason) => {
    const thread = start(module);
    await expect(thread.call('echo', 1)).rejects.toThrow(reason);
    await expect(thread.call('echo', 1)).rejects.toThrow('The test thread ended: ');
    await thread.stop();
  });
});

describe('stopping', () => {
  test('lets what was called finish first', async () => {
    const thread = start();
    const results: number[] = [];
    const calls = [20, 1, 5].map((ms) => thread.call('wait', ms).then((result) => results.push(result)));
    await thread.stop();
    expect(results).toEqual([0, 1, 2]);
    await Promise.all(calls);
  });

  test('twice is as once, and calls after it are rejected', async () => {
    const thread = start();
    await thread.call('echo', 1);
    await Promise.all([thread.stop(), thread.stop()]);
    await thread.stop();
    await expect(thread.call('echo', 1)).rejects.toThrow('The test thread ended: ');
  });

  test('rejects a call made while it is under way', async () => {
    const thread = start();
    const first = thread.call('wait', 20);
    const stopped = thread.stop();
    const late = thread.call('wait', 60_000);
    await expect(late).rejects.toThrow('The test thread ended: ');
    expect(await first).toBe(0);
    await stopped;
  });
});

describe('closing a thread', () => {
  test('takes no longer than some seconds where it does not answer to that, however patient one is with it', async () => {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const close = async (code: string, patience?: Patience) => {
      const name = `deaf-${Math.random()}.mjs`;
      const module = `import { serveThread } from '${built('runtime/thread.js')}';
        import { parentPort } from 'node:worker_threads';
        serveThread({ echo: (value) => value, hang: () => new Promise(() => {}) });
        ${code}`;
      const thread = startThread<Calls>(moduleOf(name, module), 'test', patience);
      await thread.call('echo', 1);
      await thread.stop('hang');
      await expect(thread.call('echo', 1)).rejects.toThrow('The test thread ended: no answer for 10 s');
      return seconds();
    };
    // Meanwhile one computes what it was asked before, for longer than that.
    const busy = start(serving, { first: 300, later: 300 });
    const answer = busy.call('wait', 13_000);
    const stopped = busy.stop('missing');
    const closed = await Promise.all([close('', { first: 300, later: 300 }), close('')]);
    expect(Math.max(...closed)).toBeLessThan(12.9);
    expect(Math.min(...closed)).toBeGreaterThan(9.9);
    expect(await answer).toBe(0);
    await stopped;
    expect(seconds()).toBeLessThan(20);
  });

  test('calls what it is to do last behind all else, and whether that fails is not told', async () => {
    const thread = start();
    const order: string[] = [];
    const answer = thread.call('wait', 30).then(() => order.push('answered'));
    await thread.stop('fail').then(() => order.push('stopped'));
    await answer;
    expect(order).toEqual(['answered', 'stopped']);
  });
});

describe('a thread that does not answer in time', () => {
  test.each(['block', 'promise'] as const)('is taken for dead, as in an endless %s', async (how) => {
    const thread = start(serving, { first: 2, later: 60 });
    await thread.call('echo', 1);
    const began = performance.now();
    const calls = [thread.call('hang', how), thread.call('echo', 2)];
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringMatching(/^The test thread ended: no answer for \d+ s$/) },
      });
    await expect(thread.call('echo', 3)).rejects.toBeInstanceOf(ThreadFailure);
    await thread.stop();
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test('is taken for dead where it never answered', async () => {
    const thread = start(serving, { first: 0.2, later: 60 });
    await expect(thread.call('hang', 'promise')).rejects.toThrow('no answer for 0 s');
  });

  test('is waited for without patience, and after its last answer nothing runs out', async () => {
    const eternal = start();
    const hanging = eternal.call('hang', 'promise').catch((error) => error);
    const idle = start(serving, { first: 60, later: 0.05 });
    await idle.call('echo', 1);
    expect(await Promise.race([hanging, later(300)])).toBe('waited');
    expect(await idle.call('echo', 2)).toBe(2);
    // It never says farewell.
    threads.splice(threads.indexOf(eternal), 1);
  });

  test('is no thread with many calls that each take less', async () => {
    const thread = start(serving, { first: 60, later: 0.3 });
    await thread.call('wait', 1);
    const answers = await Promise.all(Array.from({ length: 10 }, () => thread.call('wait', 100)));
    expect(answers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('has its own time for each method, however quick others were', async () => {
    const thread = start(serving, { first: 60, later: 0.01 });
    await thread.call('echo', 1);
    expect(await thread.call('wait', 600)).toBe(0);
  });

  test('may take ten times as long as it ever has', async () => {
    const thread = start(serving, { first: 60, later: 0.01 });
    await thread.call('wait', 100);
    expect(await thread.call('wait', 600)).toBe(1);
  });

  test('is not one whose answer lies there while this thread is busy', async () => {
    const answer = start(serving, { first: 1.5, later: 60 }).call('echo', 1);
    const until = performance.now() + 1600;
    while (performance.now() < until);
    expect(await answer).toBe(1);
  });
});

function later(ms: number): Promise<'waited'> {
  return new Promise((resolve) => setTimeout(() => resolve('waited'), ms));
}

test('a sibling module has the ending of the module beside it', () => {
  expect(siblingModule('worker', 'file:///a/b/open.ts').href).toBe('file:///a/b/worker.ts');
  expect(siblingModule('worker', 'file:///a/b/open.js').href).toBe('file:///a/b/worker.js');
});
