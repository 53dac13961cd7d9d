import { environmentError } from '../core/errors.ts';
import { exists, joinPath } from '../runtime/files.ts';
import { packageFile } from '../runtime/host.ts';
import { type StaticServer, serveFolder } from '../runtime/staticServer.ts';

/** Serves the page that is built into `dist/page`. Throws an environment error where it is not built, or the port is taken. */
export async function servePage(port: number): Promise<StaticServer> {
  const folder = packageFile('dist/page');
  if (!(await exists(joinPath(folder, 'index.html'))))
    throw environmentError(`Cannot serve the page: it is not built into "${folder}"; run "npm run build:web"`);
  return serveFolder(folder, port);
}
