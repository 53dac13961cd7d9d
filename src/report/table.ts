import picocolors from 'picocolors';
import { type Cell, type Column, comparisonColumns } from './columns.ts';
import { headline } from './headline.ts';
import { type ReportData, seedsOf } from './reportData.ts';

const widest = 100;

/**
 * The comparison for a terminal: a row per strategy and what it comes to in words. The best value of a column is bold
 * if `colour` is true. What is wider than 100 columns is cut into tables one below the other.
 */
export function renderTable(data: ReportData, colour = false): string {
  const paint = picocolors.createColors(colour);
  const names = Object.keys(data.strategies);
  const tables = fitting(comparisonColumns(data), names).map((groups) =>
    drawTable(groups, names, paint.bold, paint.dim),
  );
  const seeds = seedsOf(data);
  const means = seeds.length > 1 ? [paint.dim(`Means over seeds ${seeds.join(', ')}.`)] : [];
  const { finding, remarks } = headline(data);
  const words = [finding, ...remarks].map((sentence, index) => {
    const text = wrap(sentence, widest);
    return index === 0 ? paint.bold(text) : text;
  });
  return `${[...tables, ...means, ...words].join('\n')}\n`;
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
  return widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1);
}

function fitting(columns: readonly Column[], names: readonly string[]): Group[][] {
  const tables: Group[][] = [[]];
  const start = nameWidth(names) + 4;
  let used = start;
  for (const group of grouped(columns)) {
    if (used + group.width + 3 > widest && tables.at(-1)!.length > 0) {
      tables.push([]);
      used = start;
    }
    tables.at(-1)!.push(group);
    used += group.width + 3;
  }
  return tables;
}

function nameWidth(names: readonly string[]): number {
  return Math.max('strategy'.length, ...names.map((name) => name.length));
}

function drawTable(groups: readonly Group[], names: readonly string[], bold: Paint, dim: Paint): string {
  const first = nameWidth(names);
  const rule = (left: string, middle: string, right: string): string =>
    dim(left + [first, ...groups.map(({ width }) => width)].map((width) => '─'.repeat(width + 2)).join(middle) + right);
  const bar = dim('│');
  const line = (cells: readonly string[]): string => `${bar}${cells.map((cell) => ` ${cell} `).join(bar)}${bar}`;
  const headers = ({ columns, widths }: Group): string =>
    columns.map(({ header }, index) => header.padStart(widths[index]!)).join('  ');
  const values = ({ columns, widths }: Group, row: number): string =>
    columns.map(({ cells }, index) => padded(cells[row]!, widths[index]!, bold)).join('  ');
  return [
    rule('┌', '┬', '┐'),
    line([' '.repeat(first), ...groups.map(({ title, width }) => title.padEnd(width))]),
    line(['strategy'.padEnd(first), ...groups.map(headers)].map(dim)),
    rule('├', '┼', '┤'),
    ...names.map((name, row) => line([name.padEnd(first), ...groups.map((group) => values(group, row))])),
    rule('└', '┴', '┘'),
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
