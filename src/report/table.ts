import picocolors from 'picocolors';
import type { Ledger } from '../loop/ledger.ts';
import { type Cell, type Column, comparisonColumns } from './columns.ts';
import { headline } from './headline.ts';
import { breakEvenInWords, costInWords, highestShared } from './ledgerWords.ts';
import { type ReportData, seedsOf } from './reportData.ts';

const widest = 100;

/**
 * The comparison for a terminal: a row per strategy and what it comes to in words. The best value of a column is bold
 * if `colour` is true. What is wider than 100 columns is cut into tables one below the other.
 */
export function renderTable(data: ReportData, colour = false): string {
  const paint = picocolors.createColors(colour);
  const names = Object.keys(data.strategies);
  const columns = comparisonColumns(data);
  const tables = fitting(columns, names).map((groups) => drawTable(groups, names, paint.bold, paint.dim));
  const baseline = names.includes('uniform') && names.length > 1 ? ' uniform: trains on random candidates.' : '';
  const meanings = columns.some(({ group }) => group === 'corrupted')
    ? 'corrupted, learnt: shares of the selected with a wrong label and already predicted as labelled.'
    : 'learnt: share of the selected that was already predicted as labelled.';
  const seeds = seedsOf(data);
  const means = seeds.length > 1 ? ` Means over seeds ${seeds.join(', ')}.` : '';
  const { finding, remarks } = headline(data);
  const words = [finding, ...remarks].map((sentence, index) => {
    const text = wrap(sentence, widest);
    return index === 0 ? paint.bold(text) : text;
  });
  const costs = Object.entries(data.ledger ?? {}).map(([name, ledger], index) =>
    wrap(costLines(name, ledger, index > 0), widest),
  );
  return `${[tables.join('\n\n'), '', paint.dim(wrap(`Times are of training alone, evaluations left out. ${meanings}${baseline}${means}`, widest)), ...words, ...costs].join('\n')}\n`;
}

/** What a step cost, and what scoring may cost. */
function costLines(strategy: string, ledger: Ledger, defined: boolean): string {
  const target = highestShared(ledger);
  const pays = target === undefined ? '' : breakEvenInWords(strategy, target, ledger);
  return `${costInWords(strategy, ledger, defined)} ${pays}`.trimEnd();
}

type Paint = (text: string) => string;

interface Group {
  title: string;
  columns: Column[];
  /** Width of each column and of the whole group, without the blank at either side. */
  widths: number[];
  width: number;
}

function grouped(columns: readonly Column[]): Group[] {
  const titles = [...new Set(columns.map((column) => column.group))];
  return titles.map((title) => {
    const own = columns.filter((column) => column.group === title);
    const widths = own.map(({ header, cells }) => Math.max(header.length, ...cells.map((cell) => cell.text.length)));
    // A title wider than its columns widens the first one.
    widths[0]! += Math.max(0, title.length - lineWidth(widths));
    return { title, columns: own, widths, width: lineWidth(widths) };
  });
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + widths.length - 1;
}

/** One table if it fits; otherwise speed and quality apart, each cut again where it has to be. */
function fitting(columns: readonly Column[], names: readonly string[]): Group[][] {
  const groups = grouped(columns);
  const width = (some: readonly Group[]): number =>
    some.reduce((sum, each) => sum + each.width + 3, nameWidth(names) + 2);
  if (width(groups) <= widest) return [groups];
  const tables: Group[][] = [[]];
  for (const group of groups) {
    const table = tables.at(-1)!;
    const parts = group.title.startsWith('accuracy') && !table.some(({ title }) => title.startsWith('accuracy'));
    if (parts || width([...table, group]) > widest) tables.push([group]);
    else table.push(group);
  }
  return tables.filter((table) => table.length > 0);
}

function nameWidth(names: readonly string[]): number {
  return Math.max('strategy'.length, ...names.map((name) => name.length));
}

function drawTable(groups: readonly Group[], names: readonly string[], bold: Paint, dim: Paint): string {
  const first = nameWidth(names);
  const bar = dim('│');
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell) => ` ${cell} `)
      .join(bar)
      .trimEnd();
  const headers = ({ columns, widths }: Group): string =>
    columns.map(({ header }, index) => header.padStart(widths[index]!)).join(' ');
  const values = ({ columns, widths }: Group, row: number): string =>
    columns.map(({ cells }, index) => padded(cells[row]!, widths[index]!, bold)).join(' ');
  return [
    line([' '.repeat(first), ...groups.map(({ title, width }) => title.padEnd(width))]),
    line(['strategy'.padEnd(first), ...groups.map(headers)].map(dim)),
    dim([first, ...groups.map(({ width }) => width)].map((width) => '─'.repeat(width + 2)).join('┼')),
    ...names.map((name, row) => line([name.padEnd(first), ...groups.map((group) => values(group, row))])),
  ].join('\n');
}

function padded(cell: Cell, width: number, bold: Paint): string {
  const blank = ' '.repeat(width - cell.text.length);
  return blank + (cell.best ? bold(cell.text) : cell.text);
}

function wrap(text: string, width: number): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join('\n');
}
