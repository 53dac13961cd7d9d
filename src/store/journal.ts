import { z } from 'zod';
import { dataError } from '../core/errors.ts';
import { type AppendFile, exists, joinPath, openAppend, readText, writeFileAtomic } from '../runtime/files.ts';
import { descriptionSchema, type StoreDescription, type StoreShard, shardSchema } from './manifest.ts';

/** What stands in a store's folder while it is made: what is made, then a line for each shard that is whole. */
export const journalName = 'scoring.jsonl';

/** A shard on disk. */
export interface JournalEntry {
  readonly shard: StoreShard;
  /** Seconds of scoring so far, those before an interruption too. */
  readonly seconds: number;
}

export interface Journal {
  readonly description: StoreDescription;
  readonly entries: readonly JournalEntry[];
}

const headerSchema = z.object({
  format: z.literal('rho-loss-scoring'),
  version: z.literal(1),
  description: descriptionSchema,
});
const entrySchema: z.ZodType<JournalEntry> = z.object({ shard: shardSchema, seconds: z.number().min(0) });

/** The journal in a folder; null where there is none. A last line that was cut off by a kill does not count. */
export async function readJournal(folder: string): Promise<Journal | null> {
  const path = joinPath(folder, journalName);
  if (!(await exists(path))) return null;
  const [header, ...lines] = (await readText(path)).split('\n').slice(0, -1);
  const refuse = (line: number): Error =>
    dataError(
      `Cannot go on with loss store "${folder}": line ${line} of its ${journalName} is not one that this program wrote; remove the folder, or go on with the version of rho-loss that began it`,
    );
  const begun = headerSchema.safeParse(parseLine(header ?? ''));
  if (!begun.success) throw refuse(1);
  const entries = lines.map((line, index) => {
    const { success, data } = entrySchema.safeParse(parseLine(line));
    if (!success) throw refuse(index + 2);
    return data;
  });
  return { description: begun.data.description, entries };
}

/** Writes a journal anew and opens it for more lines. */
export async function beginJournal(folder: string, { description, entries }: Journal): Promise<AppendFile> {
  const header = { format: 'rho-loss-scoring', version: 1, description };
  const path = joinPath(folder, journalName);
  await writeFileAtomic(path, [header, ...entries].map(journalLine).join(''));
  return openAppend(path);
}

/** A line of a journal. */
export function journalLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
