import type { CompareOptions } from '../../jobs/compare.ts';
import { usualData, usualTraining } from '../../jobs/defaults.ts';

/** The command that makes a comparison of the page again. Files are named from the folder that they were given in. */
export function commandLine(options: CompareOptions): string {
  const {
    data,
    strategies,
    seeds,
    dataSeeds,
    targets,
    threads,
    checkpointEvery,
    dataSeed: _,
    ...rest
  } = {
    ...options,
    dataSeed: null,
  };
  const usual: Readonly<Record<string, unknown>> = { ...usualData, ...usualTraining };
  const changed = Object.entries(rest).filter(([key, value]) => value !== null && String(value) !== String(usual[key]));
  const named = { data, strategy: strategies, seed: seeds, dataSeed: dataSeeds, target: targets };
  const all = [...Object.entries(named), ...changed].filter(([, value]) => String(value) !== '');
  return ['rho compare', ...all.map(([key, value]) => `${flagOf(key)} ${word(relative(String(value)))}`)].join(' ');
}

/** An option's flag: `--big-batch` of bigBatch. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Paths of the page begin with the folder that files of their kind lie in. */
function relative(value: string): string {
  return value.replace(/^(\w+:)?\/(?:runs\/[^/]+\/model\/[^/]+|[^/]+)\/(?=.)/, '$1');
}

function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
