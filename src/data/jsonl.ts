import { dataError } from '../core/errors.ts';
import { textColumns } from './columnNames.ts';
import { readUnpacked } from './gunzip.ts';
import type { LabelledTexts } from './labelledTexts.ts';
import { linesOf } from './lines.ts';
import { type GivenClasses, readLabels } from './readLabels.ts';

/**
 * Reads texts with labels from a file of JSON objects, one a line, UTF-8, plain or .gz: the text under the first of
 * `textColumns` that the first object has, the label under `label`. Empty lines do not count.
 */
export async function readJsonl(file: string, given: GivenClasses = {}): Promise<LabelledTexts> {
  const texts: string[] = [];
  const cells: unknown[] = [];
  const lines: number[] = [];
  let column: string | undefined;
  let line = 0;
  for (const each of linesOf(await readUnpacked(file), file)) {
    line++;
    const text = each.trim();
    if (text === '') continue;
    const object = parseObject(text, line, file);
    column ??= textColumns.find((name) => name in object);
    const content = column === undefined ? undefined : object[column];
    if (typeof content !== 'string' || object.label === undefined)
      throw dataError(
        `Cannot find text and label in line ${line} of "${file}": it has ${Object.keys(object).join(', ') || 'nothing'}, expected "label" and ${column === undefined ? `one of ${textColumns.join(', ')}` : `a text under "${column}"`}`,
      );
    texts.push(content);
    cells.push(object.label);
    lines.push(line);
  }
  if (texts.length === 0) throw dataError(`Cannot use "${file}": it holds no examples`);
  return { texts, ...readLabels(cells, cells.length, { file, where: (id) => `line ${lines[id]}`, given }) };
}

function parseObject(text: string, line: number, file: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below, like JSON of another kind.
  }
  throw dataError(
    `Cannot read "${file}": line ${line} is ${text.slice(0, 40)}, expected one JSON object, such as {"text": "…", "label": 1}`,
  );
}
