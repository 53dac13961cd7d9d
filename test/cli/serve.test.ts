import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, startRho } from './rho.ts';

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
