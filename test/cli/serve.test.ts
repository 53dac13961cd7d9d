import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRuntime, type Runtime, root, startRho } from './rho.ts';

/** A package with a page of its own, so that the tests do not need the real one built. */
let copy = '';
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'rho-serve-'));
  await cp(join(root, 'dist'), join(copy, 'dist'), {
    recursive: true,
    filter: (path) => !path.startsWith(join(root, 'dist/page')),
  });
  await cp(join(root, 'package.json'), join(copy, 'package.json'));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rm(copy, { recursive: true }));

async function makePage(): Promise<void> {
  await mkdir(join(copy, 'dist/page/assets'), { recursive: true });
  await writeFile(join(copy, 'dist/page/index.html'), '<!doctype html>');
  for (const name of ['a.js', 'b.mjs', 'c.wasm', 'd e.json', 'f.parquet'])
    await writeFile(join(copy, 'dist/page/assets', name), name);
}

/** Starts the copy's `rho serve` on a free port. */
async function serve() {
  const child = spawn(process.execPath, [join(copy, 'dist/cli.js'), 'serve', '--port', '0', '--json']);
  const [line] = await once(child.stdout, 'data');
  return { child, url: (JSON.parse(String(line)) as { readonly url: string }).url };
}

/** The status of a path that is sent as it stands; fetch would tidy it. */
async function statusOf(url: string, path: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const asked = request({ hostname, port, path }).end();
  const [answer] = await once(asked, 'response');
  answer.resume();
  return answer.statusCode;
}

test('serve refuses where the page is not built, saying how to build it', async () => {
  const child = spawn(process.execPath, [join(copy, 'dist/cli.js'), 'serve', '--port', '0']);
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  expect(stderr).toMatch(/^rho: Cannot serve the page: it is not built into ".*"; run "npm run build:web"\n$/);
  expect(code).toBe(4);
});

test('serve sends each file with its type and the headers that threads of WebAssembly need', async () => {
  await makePage();
  const { child, url } = await serve();
  expect(url).toMatch(/^http:\/\/localhost:\d+\/$/);
  const types = {
    '': 'text/html; charset=utf-8',
    'assets/a.js': 'text/javascript; charset=utf-8',
    'assets/b.mjs': 'text/javascript; charset=utf-8',
    'assets/c.wasm': 'application/wasm',
    'assets/d%20e.json?x=1': 'application/json',
    'assets/f.parquet': 'application/octet-stream',
  };
  for (const [path, type] of Object.entries(types)) {
    const answer = await fetch(url + path);
    expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, type]);
    expect(answer.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(answer.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  }
  expect(await (await fetch(`${url}assets/c.wasm`)).text()).toBe('c.wasm');
  expect((await fetch(`${url}assets/c.wasm`, { method: 'HEAD' })).headers.get('content-length')).toBe('6');
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  for (const path of [
    ...['/nothing', '/assets', '/assets/', '/../../package.json', '/..%2f..%2fpackage.json', '/%'],
    ...['/assets/..%5c..%5cindex.html', '/%00'],
  ])
    expect([path, await statusOf(url, path)]).toEqual([path, 404]);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
});

test('serve has what the published package leaves out of its page: the sample, and the files of ONNX Runtime', async () => {
  await makePage();
  for (const name of ['data', 'models']) await cp(join(root, name), join(copy, name), { recursive: true });
  const { child, url } = await serve();
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const [path, type] of [
    [`onnxruntime-web-${dependencies['onnxruntime-web']}/ort-wasm-simd-threaded.wasm`, 'application/wasm'],
    [`onnxruntime-web-${dependencies['onnxruntime-web']}/ort-wasm-simd-threaded.mjs`, 'text/javascript; charset=utf-8'],
    ['sample/models/mnist-sample-il/il.onnx', 'application/octet-stream'],
    ['sample/data/mnist-sample/train-labels-idx1-ubyte.gz', 'application/octet-stream'],
  ]) {
    const answer = await fetch(url + path, { method: 'HEAD' });
    expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, type]);
  }
  for (const path of ['/sample/data/../../package.json', '/sample/package.json', '/sample/data'])
    expect([path, await statusOf(url, path)]).toEqual([path, 404]);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
});

test('what never changes may be kept for ever, all else is asked for again and sent where it is another', async () => {
  await makePage();
  const page = join(copy, 'dist/page');
  for (const folder of ['onnxruntime-web-1.30.0', 'sample']) await mkdir(join(page, folder), { recursive: true });
  const hashed = 'assets/jobWorker-B5c5R-Z9.js';
  for (const name of [hashed, 'onnxruntime-web-1.30.0/ort.wasm', 'rho-loss.js', 'sample/x.gz'])
    await writeFile(join(page, name), name);
  const { child, url } = await serve();
  for (const path of [hashed, 'onnxruntime-web-1.30.0/ort.wasm']) {
    const { headers } = await fetch(url + path);
    expect([path, headers.get('cache-control')]).toEqual([path, 'public, max-age=31536000, immutable']);
  }
  for (const path of ['', 'rho-loss.js', 'sample/x.gz', 'assets/a.js', 'assets/none.js']) {
    const { headers } = await fetch(url + path);
    expect([path, headers.get('cache-control')]).toEqual([path, 'no-cache']);
    // Readers of the page unpack by themselves.
    expect(headers.get('content-encoding')).toBeNull();
  }
  const before = await fetch(url);
  const ifNoneMatch = { 'If-None-Match': `"other", ${before.headers.get('etag')}` };
  const same = await fetch(url, { headers: ifNoneMatch });
  expect([same.status, await same.text()]).toEqual([304, '']);
  expect(same.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  // Another build of the same size and, as from npm, of the same time.
  const index = join(page, 'index.html');
  for (const text of ['<!doctype html>', '<!DOCTYPE HTML>']) {
    await writeFile(index, text);
    await utimes(index, 499162500, 499162500);
    const now = await fetch(url, { headers: ifNoneMatch });
    expect([now.status, await now.text()]).toEqual(text === '<!doctype html>' ? [304, ''] : [200, text]);
  }
  child.kill('SIGINT');
  await once(child, 'exit');
});

const isBuilt = existsSync(join(root, 'dist/page/index.html'));
describe.each<Runtime>(['deno', 'bun'])('on %s', (runtime) => {
  test.skipIf(!hasRuntime(runtime) || !isBuilt)(
    'serve does the same (skipped without it, and where the page is not built)',
    async () => {
      const { child, ended } = startRho(['serve', '--port', '0', '--json'], { runtime });
      const [line] = await once(child.stdout!, 'data');
      const { url } = JSON.parse(String(line)) as { readonly url: string };
      const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
      const wasm = `onnxruntime-web-${dependencies['onnxruntime-web']}/ort-wasm-simd-threaded.wasm`;
      const installed = await readFile(join(root, 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'));
      const answer = await fetch(url + wasm);
      expect(answer.headers.get('content-type')).toBe('application/wasm');
      expect(answer.headers.get('cache-control')).toContain('immutable');
      expect(answer.headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(installed.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
      const { headers } = await fetch(url);
      const again = await fetch(url, { headers: { 'If-None-Match': headers.get('etag')! } });
      expect([again.status, again.headers.get('cross-origin-embedder-policy')]).toEqual([304, 'require-corp']);
      for (const path of ['/../../package.json', '/..%2f..%2fpackage.json', '/%', '/%00'])
        expect([path, await statusOf(url, path)]).toEqual([path, 404]);
      expect((await fetch(url, { method: 'HEAD' })).headers.get('content-type')).toBe('text/html; charset=utf-8');
      child.kill('SIGINT');
      expect((await ended).code).toBe(130);
    },
  );
});

test('serve refuses a port that is taken', async () => {
  await makePage();
  const { child, url } = await serve();
  const { port } = new URL(url);
  const second = spawn(process.execPath, [join(copy, 'dist/cli.js'), 'serve', '--port', port]);
  let stderr = '';
  second.stderr.on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(second, 'close');
  expect(stderr).toBe(
    `rho: Cannot serve on port ${port}: another program has it; pass another --port, or 0 for any that is free\n`,
  );
  expect(code).toBe(4);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([130, null]);
});

test('serve refuses a port that is none', async () => {
  const { code, stderr } = await startRho(['serve', '--port', '70000']).ended;
  expect(stderr).toContain('--port');
  expect(code).toBe(2);
});
