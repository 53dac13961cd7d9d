import { once } from 'node:events';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

const isolating = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export interface HostOptions {
  /** Whether it sends the headers that threads of WebAssembly need; default yes. */
  readonly isolated?: boolean;
  /** What it answers in place of some files: nothing, as another type. */
  readonly instead?: { readonly missing: RegExp; readonly type: string };
  /** Files that it lacks though they are there. */
  readonly lacks?: RegExp;
}

/** A host of static files. */
export interface Host {
  readonly url: string;
  close(): void;
}

/** Serves folders, each under its path from the root ('' for the root itself), as a plain host of static files would. */
export async function openHost(
  folders: Readonly<Record<string, string>>,
  { isolated = true, lacks, instead }: HostOptions = {},
): Promise<Host> {
  const server = createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(url.split('?')[0]!)
      .slice(1)
      .replace(/(^|\/)$/, '$1index.html');
    const found = Object.entries(folders)
      .filter(([at]) => at === '' || path.startsWith(`${at}/`))
      .map(([at, folder]) => join(folder, path.slice(at.length)))
      .find((file) => existsSync(file) && statSync(file).isFile());
    const headers = isolated ? isolating : {};
    if (instead?.missing.test(path)) return response.writeHead(200, { ...headers, 'Content-Type': instead.type }).end();
    if (found === undefined || lacks?.test(path)) return response.writeHead(404, headers).end();
    const type = types[extname(found)] ?? 'application/octet-stream';
    response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': statSync(found).size });
    return createReadStream(found).pipe(response);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
