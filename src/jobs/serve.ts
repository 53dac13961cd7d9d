import { environmentError } from '../core/errors.ts';
import { exists, joinPath } from '../runtime/files.ts';
import { packageFile, versionOf } from '../runtime/host.ts';
import { installedFolder } from '../runtime/installedFolder.ts';
import { type FoldersByPath, type StaticServer, serveFolder } from '../runtime/staticServer.ts';

/** Serves the page that is built into `dist/page`. Throws an environment error where it is not built, or the port is taken. */
export async function servePage(port: number): Promise<StaticServer> {
  const folder = packageFile('dist/page');
  if (!(await exists(joinPath(folder, 'index.html'))))
    throw environmentError(`Cannot serve the page: it is not built into "${folder}"; run "npm run build:web"`);
  return serveFolder(folder, port, leftOut());
}

/** What the published package leaves out of its page, 45 MB that are installed beside it anyway. */
function leftOut(): FoldersByPath {
  const onnxruntime = installedFolder('onnxruntime-web/ort-wasm-simd-threaded.wasm');
  return {
    'sample/data': packageFile('data'),
    'sample/models': packageFile('models'),
    // Named so by vite.config.ts.
    ...(onnxruntime !== null && { [`onnxruntime-web-${versionOf('onnxruntime-web')}`]: onnxruntime }),
  };
}
