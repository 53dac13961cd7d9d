import { type Command, InvalidArgumentError, type Option } from 'commander';
import { dataError, usageError } from '../core/errors.ts';
import { readText } from '../runtime/files.ts';

/**
 * Takes options from the JSON file given to --config where the command line has none. Keys are the long names of options in
 * camelCase; null is as good as nothing. An unknown key or a value that does not fit is a usage error naming both.
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
    const wins = [key, rivals[key] ?? key].some((name) => command.getOptionValueSource(name) === 'cli');
    if (wins || value === null) continue;
    try {
      command.setOptionValueWithSource(key, parseValue(option, value), 'config');
    } catch (error) {
      const { message } = error as Error;
      // Commander's sentences stand alone.
      const reason = message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, '');
      throw usageError(`Cannot use ${key} ${JSON.stringify(value)} in "${path}": ${reason}`);
    }
  }
}

/** Options of which there can be one only. */
const rivals: Readonly<Record<string, string>> = { steps: 'epochs', epochs: 'steps' };

function parseValue({ required, parseArg }: Option, value: unknown): unknown {
  if (!required) {
    if (typeof value === 'boolean') return value;
    throw new InvalidArgumentError('Expected true or false.');
  }
  const parts = Array.isArray(value) ? value : [value];
  if (!parts.every((part) => typeof part === 'string' || typeof part === 'number'))
    throw new InvalidArgumentError('Expected text, a number, or a list of them.');
  const text = parts.join(',');
  return parseArg === undefined ? text : parseArg(text, undefined);
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
