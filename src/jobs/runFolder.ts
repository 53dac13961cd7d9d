import { dataError, usageError } from '../core/errors.ts';
import { exists, joinPath, listFolder, makeFolder, readText, writeFileAtomic } from '../runtime/files.ts';
import { type Versions, versions } from '../runtime/host.ts';

/** What stands in the `config.json` of a run folder: which job, with which resolved options. */
export interface RunConfig<Options> {
  readonly format: 'rho-loss-run';
  readonly version: 1;
  readonly job: string;
  readonly options: Options;
  readonly versions: Versions;
}

/** Makes the folder of a new run and records its job and options. Throws a usage error where the folder is in use. */
export async function beginRun<Options>(folder: string, job: string, options: Options): Promise<void> {
  if ((await exists(folder)) && (await listFolder(folder)).length > 0)
    throw usageError(
      `Cannot write into "${folder}": it is not empty, pass another --out, or --resume "${folder}" to go on with its run`,
    );
  await makeFolder(folder);
  const config: RunConfig<Options> = { format: 'rho-loss-run', version: 1, job, options, versions: versions() };
  await writeFileAtomic(joinPath(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/** The options that the run in `folder` was begun with. Throws a data error where it holds no run of that job. */
export async function readRunOptions<Options>(folder: string, job: string): Promise<Options> {
  const path = joinPath(folder, 'config.json');
  if (!(await exists(path)))
    throw dataError(`Cannot resume "${folder}": it holds no config.json, expected the folder of a run`);
  const config = parseConfig<Options>(await readText(path), path);
  if (config.job !== job)
    throw usageError(`Cannot resume "${folder}" with "rho ${job}": it was begun with "rho ${config.job}", use that`);
  return config.options;
}

function parseConfig<Options>(text: string, path: string): RunConfig<Options> {
  try {
    const config = JSON.parse(text);
    if (config.format === 'rho-loss-run' && config.version === 1) return config;
  } catch {
    // Told below, like a configuration of another kind.
  }
  throw dataError(`Cannot read "${path}": it is no configuration of a run in version 1, expected one that "rho" wrote`);
}
