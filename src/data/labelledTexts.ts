import { dataError } from '../core/errors.ts';
import { textColumns } from './columnNames.ts';
import { type GivenClasses, type Labels, readLabels } from './readLabels.ts';
import type { Table } from './table.ts';

/** Texts with their classes, by id. */
export interface LabelledTexts extends Labels {
  readonly texts: readonly string[];
}

/**
 * Finds text and label in a table: by a header with one of `textColumns` and `label` (as GLUE's SST-2 has), or, without a
 * header, as the fourth and second of four columns (CoLA: source, label, mark, sentence). `file` is what an error names.
 */
export function labelledTexts(table: Table, file: string, given: GivenClasses = {}): LabelledTexts {
  const first = table[0] ?? [];
  const header = first.map((cell) => cell.trim().toLowerCase());
  const named = textColumns.find((name) => header.includes(name));
  const isHeader = named !== undefined && header.includes('label');
  const isCola = first.length === 4 && /^\d+$/.test(first[1]!);
  if (!isHeader && !isCola)
    throw dataError(
      `Cannot find texts and labels in "${file}": it begins with ${first.map((cell) => `"${cell.slice(0, 30)}"`).join(', ') || 'nothing'}, expected a header with "label" and one of ${textColumns.join(', ')}, or the four columns of CoLA (source, label, mark, sentence)`,
    );
  const [text, label] = isHeader ? [header.indexOf(named), header.indexOf('label')] : [3, 1];
  const rows = isHeader ? table.slice(1) : table;
  if (rows.length === 0) throw dataError(`Cannot use "${file}": it holds a header and no examples`);
  const cells = rows.map((row) => row[label]!);
  return {
    texts: rows.map((row) => row[text]!),
    ...readLabels(cells, rows.length, { file, where: (id) => `row ${id + (isHeader ? 2 : 1)}`, given }),
  };
}
