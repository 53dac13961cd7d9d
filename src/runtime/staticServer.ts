import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { environmentError } from '../core/errors.ts';

/** Files that are served to this machine alone. */
export interface StaticServer {
  /** Where, such as http://localhost:8080/. */
  readonly url: string;
  close(): Promise<void>;
}

/** What browsers have to be told of a file by the end of its name: they start no module and compile no WebAssembly of another type. */
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

const headers = {
  // Both together let a page share memory between threads, which WebAssembly needs for more than one.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** Files whose names tell what is in them: by a hash of it, or by the version of the package that they are of. */
const neverChanging = /^\/(assets\/.*-[\w-]{8}\.\w+|[^/]+-\d+\.\d+\.\d+\/.*)$/;

/** Folders that are served as well, each below a path such as `sample/data`. */
export type FoldersByPath = Readonly<Record<string, string>>;

/**
 * Serves the folder `root` on localhost with the headers that threads of WebAssembly need; what it lacks is looked for in the
 * folders `elsewhere`. Port 0 is any that is free. Throws an environment error where the port is not to be had.
 */
export async function serveFolder(root: string, port: number, elsewhere: FoldersByPath = {}): Promise<StaticServer> {
  const server = createServer((request, response) => {
    answer(root, elsewhere, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, 'localhost', resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    const reason = reasons[error.code ?? ''] ?? error.message;
    throw environmentError(`Cannot serve on port ${port}: ${reason}; pass another --port, or 0 for any that is free`);
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has it',
  EACCES: 'this user may not have it',
};

async function answer(
  root: string,
  elsewhere: FoldersByPath,
  { method, url = '/', headers: asked }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, text: string) => {
    const more = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' };
    response.writeHead(status, { ...headers, ...more }).end(text);
  };
  if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'Only GET and HEAD are answered.');
  const path = pathOf(url);
  const found = path === null ? null : await findFile(root, elsewhere, path.endsWith('/') ? `${path}index.html` : path);
  if (path === null || found === null) return refuse(404, 'There is no such file.');
  const { file, size } = found;
  const caching = await cachingOf(path, file);
  if (caching.ETag !== undefined && asked['if-none-match']?.split(/, */).includes(caching.ETag)) {
    response.writeHead(304, { ...headers, ...caching }).end();
    return;
  }
  const type = types[extname(file)] ?? 'application/octet-stream';
  response.writeHead(200, { ...headers, ...caching, 'Content-Type': type, 'Content-Length': size });
  if (method === 'HEAD') response.end();
  else await pipeline(createReadStream(file), response);
}

/**
 * What a browser may keep: what never changes for ever; all else it asks for again, by a hash of what is in it. Sizes and times would not tell
 * one build from the next: npm gives all files of all packages the same time.
 */
async function cachingOf(path: string, file: string): Promise<{ 'Cache-Control': string; ETag?: string }> {
  if (neverChanging.test(path)) return { 'Cache-Control': 'public, max-age=31536000, immutable' };
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { 'Cache-Control': 'no-cache', ETag: `"${hash.digest('base64url')}"` };
}

/** What there is at a path that begins with a slash. */
async function findFile(
  root: string,
  elsewhere: FoldersByPath,
  path: string,
): Promise<{ readonly file: string; readonly size: number } | null> {
  const others = Object.entries(elsewhere).filter(([at]) => path.startsWith(`/${at}/`));
  for (const file of [join(root, path), ...others.map(([at, folder]) => join(folder, path.slice(at.length + 1)))]) {
    const found = await stat(file).catch(() => null);
    if (found?.isFile()) return { file, size: found.size };
  }
  return null;
}

/** The path that is asked for, below the folder; null for one that is no path. */
function pathOf(url: string): string | null {
  try {
    const path = decodeURIComponent(url.split(/[?#]/)[0]!);
    // What leads out of the folder ends at its root.
    return path.includes('\0') ? null : normalize(`/${path}`);
  } catch {
    return null;
  }
}
