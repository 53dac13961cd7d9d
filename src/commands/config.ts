import type { Command } from 'commander';
import { dataError, usageError } from '../core/errors.ts';
import { readText } from '../runtime/files.ts';

/**
 * Takes options from the JSON file given to --config where the command line has none. Keys are the long names of options in
 * camelCase; an unknown key or a value that does not fit is a usage error naming both.
 */
export async function applyConfigFile(command: Command): Promise<void> {
  const path: string | undefined = command.opts().config;
  if (path === undefined) return;
  for (const [key, value] of Object.entries(await readConfig(path))) {
    const option = command.options.find((candidate) => candidate.attributeName() === key);
    if (option === undefined || key === 'config')
      throw usageError(
        `Cannot use "${key}" in "${path}": "rho ${command.name()}" takes ${command.options.map((known) => known.attributeName()).join(', ')}`,
      );
    if (command.getOptionValueSource(key) === 'cli') continue;
    try {
      const text = Array.isArray(value) ? value.join(',') : String(value);
      const parsed = value === null || option.parseArg === undefined ? value : option.parseArg(text, undefined);
      command.setOptionValueWithSource(key, parsed, 'config');
    } catch (error) {
      throw usageError(`Cannot use ${key} ${JSON.stringify(value)} in "${path}": ${(error as Error).message}`);
    }
  }
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const text = await readText(path);
  try {
    const value = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below, like JSON of another kind.
  }
  throw dataError(`Cannot read "${path}": it is not a JSON object, expected options such as {"bigBatch": 640}`);
}
