import { dataError, usageError } from '../core/errors.ts';
import { exists, joinPath, listFolder, makeFolder, readText, writeFileAtomic } from '../runtime/files.ts';
import { type Versions, versions } from '../runtime/host.ts';

/** A run as it was asked for. */
export interface RunRequest<Options> {
  readonly job: string;
  /** The command line. */
  readonly command: string;
  /** All of them, defaults too. */
  readonly options: Options;
}

/** What stands in the `config.json` of a run folder; options without a value (null) are only named. */
interface RunConfig extends RunRequest<Readonly<Record<string, unknown>>> {
  readonly format: 'rho-loss-run';
  readonly version: 1;
  /** Absent in runs of before there was this: there they stand among the options. */
  readonly without?: readonly string[];
  readonly versions: Versions;
}

/** Throws a usage error where a new run cannot have `folder` because something is in it. */
export async function requireUnused(folder: string): Promise<void> {
  if ((await exists(folder)) && (await listFolder(folder)).length > 0)
    throw usageError(`Cannot write into "${folder}": it is not empty, pass another --out`);
}

/** Makes the folder of a new run and records what was asked for. */
export async function beginRun<Options extends object>(folder: string, request: RunRequest<Options>): Promise<void> {
  await makeFolder(folder);
  const entries = Object.entries(request.options);
  const config: RunConfig = {
    ...{ format: 'rho-loss-run', version: 1, ...request },
    options: Object.fromEntries(entries.filter(([, value]) => value !== null)),
    without: entries.filter(([, value]) => value === null).map(([name]) => name),
    versions: versions(),
  };
  await writeFileAtomic(joinPath(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/** What the run in `folder` was begun with. Throws a data error where there is none, a usage error where it is of another job. */
export async function readRun<Options>(folder: string, job: string): Promise<RunRequest<Options>> {
  const path = joinPath(folder, 'config.json');
  if (!(await exists(path)))
    throw dataError(`Cannot resume "${folder}": it holds no config.json, expected the folder of a run`);
  const config = parseConfig(await readText(path), path);
  if (config.job !== job)
    throw usageError(`Cannot resume "${folder}" with "rho ${job}": it was begun with "rho ${config.job}", use that`);
  const { command, options, without = [] } = config;
  const nothing = Object.fromEntries(without.map((name) => [name, null]));
  return { job, command, options: { ...options, ...nothing } as Options };
}

function parseConfig(text: string, path: string): RunConfig {
  try {
    const config = JSON.parse(text);
    if (config.format === 'rho-loss-run' && config.version === 1) return config;
  } catch {
    // Told below, like a configuration of another kind.
  }
  throw dataError(`Cannot read "${path}": it is no configuration of a run in version 1, expected one that "rho" wrote`);
}
