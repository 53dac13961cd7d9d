import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { hasRuntime, type Runtime, root } from '../cli/rho.ts';

const folder = mkdtempSync(join(tmpdir(), 'rho-left-'));
afterAll(() => rmSync(folder, { recursive: true }));

const built = (path: string) => new URL(`../../dist/${path}`, import.meta.url).href;

function fileOf(name: string, code: string): URL {
  const path = join(folder, name);
  writeFileSync(path, code);
  return pathToFileURL(path);
}

/**
 * A thread where ONNX Runtime multiplies matrices of 1,000 rows so many times in one run, some 0.05 s each. Deno finds packages
 * for the source alone.
 */
function computing(runtime: Runtime): URL {
  const module = (path: string) =>
    runtime === 'deno' ? new URL(`../../src/${path}.ts`, import.meta.url).href : built(`${path}.js`);
  return fileOf(
    `${runtime}-computing.mjs`,
    `import { GraphBuilder } from '${module('onnx/builder')}';
    import { writeModel } from '${module('onnx/model')}';
    import { serveThread } from '${module('runtime/thread')}';
    import { openSession, toOrt } from '${module('engine/ort/session')}';
    let session;
    serveThread({
      async open(times) {
        const b = new GraphBuilder('products');
        b.input({ name: 'a', dtype: 'float32', dims: [1000, 1000] });
        let product = 'a';
        for (let i = 0; i < times; i++) product = b.node('MatMul', [product, 'a']);
        b.output(product, 'y');
        session = await openSession(writeModel(b.build()), { device: 'cpu', threads: 2 });
      },
      async multiply() {
        await session.run({ a: toOrt({ dtype: 'float32', dims: [1000, 1000], data: new Float32Array(1e6) }) }, { y: null });
      },
      release() {},
    });`,
  );
}

/** Has the thread multiply for longer than there is patience for, closes it and ends the process by `ending`. */
function program(runtime: Runtime, times: number, ending: string): string {
  return `import { startThread } from '${built('runtime/thread.js')}';
  const patience = { first: 60 };
  const thread = startThread(new URL('${computing(runtime)}'), 'test', patience);
  await thread.call('open', ${times});
  patience.first = 0.4;
  const failure = await thread.call('multiply', null).catch((error) => error);
  await thread.stop('release');
  process.stdout.write(failure.message + ' '.repeat(1_000_000));
  process.exitCode = 5;
  ${ending}`;
}

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

const programs: Readonly<Record<Runtime, readonly string[]>> = {
  node: [process.execPath],
  deno: [join(root, 'node_modules/.bin/deno'), 'run', '-A', '--config', join(root, 'deno.json')],
  bun: [join(root, 'node_modules/.bin/bun')],
};

function run(runtime: Runtime, name: string, code: string): Promise<Ended> {
  const began = performance.now();
  const [command, ...before] = programs[runtime];
  const words = [...before, fileURLToPath(fileOf(`${runtime}-${name}.mjs`, code))];
  const options = { timeout: 30_000, killSignal: 'SIGKILL', maxBuffer: 2 ** 24 } as const;
  return new Promise((resolve) =>
    execFile(command!, words, options, (error, stdout, stderr) =>
      resolve({
        code: error === null ? 0 : (error.code ?? error.signal),
        stdout,
        stderr,
        seconds: (performance.now() - began) / 1000,
      }),
    ),
  );
}

const endings = {
  itself: '',
  'process.exit': 'process.exit(5);',
} as const;

describe.each<Runtime>(['node', 'deno', 'bun'])(
  'where ONNX Runtime computes in a thread that is taken for dead, %s',
  (runtime) => {
    test.skipIf(!hasRuntime(runtime)).each(Object.keys(endings) as (keyof typeof endings)[])(
      'ends by %s with its exit code, in seconds and without an abort',
      async (ending) => {
        const ended = await run(runtime, ending, program(runtime, 1000, endings[ending]));
        expect(ended).toMatchObject({ code: 5, stderr: '' });
        expect(ended.stdout).toMatch(/^The test thread ended: no answer for 0 s /);
        if (ending === 'itself') expect(ended.stdout.length).toBeGreaterThan(1_000_000);
        expect(ended.seconds).toBeLessThan(15);
      },
    );
  },
);

test('a thread that was only slow is ended once it has answered, and the process ends as ever', async () => {
  const listeners = 'process.listenerCount("uncaughtExceptionMonitor")';
  const ending = `process.stderr.write(${listeners} + ' ');
  while (${listeners} > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  process.stderr.write('0 ');`;
  const { code, stderr } = await run('node', 'slow', program('node', 80, ending));
  expect([code, stderr]).toEqual([5, '1 0 ']);
});

test('an error that nobody catches is told nevertheless', async () => {
  const { code, stderr } = await run('node', 'uncaught', program('node', 1000, "throw new Error('out of order');"));
  expect(code).toBe(1);
  expect(stderr).toContain('Error: out of order\n    at file:');
});
