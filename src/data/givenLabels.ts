import { dataError, usageError } from '../core/errors.ts';
import { checkLabels } from './checkLabels.ts';
import type { Dataset } from './dataset.ts';
import { parseLabel, readCsv, type Table } from './table.ts';
import { withLabels } from './withLabels.ts';

/**
 * The data set under the labels given to --labels as `FILE:COLUMN`: a column of a CSV file, plain or .gz, with a header and a
 * column `index` of ids, each there once; classes by number, or by name where they have names. Its own labels become
 * `trueLabels`, unless it has some.
 */
export async function giveLabels(dataset: Dataset, spec: string): Promise<Dataset> {
  const [, file, column] = /^(.+):([^:]+)$/s.exec(spec) ?? [];
  if (file === undefined || column === undefined)
    throw usageError(`Cannot read labels from --labels "${spec}": expected FILE:COLUMN, such as labels.csv:worse`);
  const labels = columnById(await readCsv(file), file, column, dataset);
  checkLabels(labels, dataset.classes, file);
  return withLabels(dataset, labels);
}

function columnById([header = [], ...rows]: Table, file: string, column: string, dataset: Dataset): Int32Array {
  const [index, place] = [header.indexOf('index'), header.indexOf(column)];
  const others = header.filter((name) => name !== 'index').join(', ');
  if (index < 0)
    throw dataError(`Cannot use the labels of "${file}": its header ${header.join(', ')} lacks a column index`);
  if (place < 0 || place === index)
    throw usageError(`Cannot use the column "${column}" of "${file}": expected one of ${others}`);
  if (rows.length !== dataset.length)
    throw dataError(
      `Cannot use the labels of "${file}": it has ${rows.length} rows, "${dataset.name}" has ${dataset.length} examples`,
    );
  // A number is a class, even where the name of another is spelt so.
  const named = (dataset.classNames ?? []).flatMap((name, label) =>
    /^\d+$/.test(name) ? [] : [[name, label] as const],
  );
  const names = new Map(named);
  const labels = new Int32Array(rows.length).fill(-1);
  rows.forEach((cells, row) => {
    const id = /^\d+$/.test(cells[index]!) ? Number(cells[index]) : -1;
    // As many rows as examples, none twice: none is missing.
    if (labels[id] !== -1)
      throw dataError(
        `Cannot use the labels of "${file}": row ${row + 2} has index "${cells[index]}", expected each of 0 to ${rows.length - 1} once`,
      );
    const cell = cells[place]!;
    labels[id] = names.get(cell.trim()) ?? parseLabel(cell, file, row + 2);
  });
  return labels;
}
