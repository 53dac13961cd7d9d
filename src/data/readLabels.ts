import { dataError } from '../core/errors.ts';
import { checkLabels, classesIn } from './checkLabels.ts';
import type { OpenOptions } from './opener.ts';

/** What is known of the classes before the labels are read, from the training data or from metadata. */
export type GivenClasses = Pick<OpenOptions, 'classes' | 'classNames'>;

/** Labels by id, and how many classes there are. */
export interface Labels {
  readonly labels: Int32Array;
  readonly classes: number;
  readonly classNames?: readonly string[];
}

/** What errors need to name a label, and what is known of the classes. */
export interface LabelSource {
  readonly file: string;
  /** Where the label of an example stands, such as `row 3`. */
  readonly where: (id: number) => string;
  readonly given: GivenClasses;
}

/**
 * The classes in a column of `length` labels: whole numbers as they are; or names, which stand for their places among all
 * names, sorted by code unit. Data with given names have to keep to these. Anything else is a data error.
 */
export function readLabels(cells: Iterable<unknown>, length: number, source: LabelSource): Labels {
  const { file, where, given } = source;
  const labels = new Int32Array(length);
  const names = new Map<string, number>();
  let id = 0;
  for (const cell of cells) {
    const number = wholeNumber(cell);
    const isName = number === null && typeof cell === 'string' && Number.isNaN(Number(cell));
    const shown = `${where(id)} has ${typeof cell === 'string' ? `"${cell.slice(0, 60)}"` : String(cell)}`;
    if (isName && id > 0 && names.size === 0) throw wrong(file, shown, 'a whole number from 0 up, as before');
    if (isName) {
      if (!names.has(cell)) names.set(cell, names.size);
      labels[id] = names.get(cell)!;
    } else {
      if (number === null) throw wrong(file, shown, 'a whole number from 0 up');
      if (names.size > 0) throw wrong(file, shown, `a name such as "${names.keys().next().value}", as before`);
      labels[id] = number;
    }
    id += 1;
  }
  return names.size > 0 ? named(labels, [...names.keys()], file, given) : numbered(labels, file, given);
}

function numbered(labels: Int32Array, file: string, { classes, classNames }: GivenClasses): Labels {
  const count = classes ?? classNames?.length ?? classesIn(labels);
  checkLabels(labels, count, file);
  return { labels, classes: count, ...(classNames && { classNames }) };
}

function named(
  labels: Int32Array,
  found: readonly string[],
  file: string,
  { classes, classNames }: GivenClasses,
): Labels {
  if (classes !== undefined && classNames === undefined)
    throw dataError(
      `Cannot use the labels of "${file}": they are names such as "${found[0]}", those of the training data are numbers`,
    );
  const names = classNames ?? found.toSorted(byCodeUnit);
  const places = new Map(names.map((name, place) => [name, place]));
  const unknown = found.find((name) => !places.has(name));
  if (unknown !== undefined) throw wrong(file, `there is "${unknown}"`, `one of ${shownNames(names)}`);
  const classOf = found.map((name) => places.get(name)!);
  // Two classes at least, as where labels are numbers.
  return { labels: labels.map((place) => classOf[place]!), classes: Math.max(2, names.length), classNames: names };
}

/** At most ten names, for an error. */
export function shownNames(names: readonly string[]): string {
  return names.length > 10 ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more` : names.join(', ');
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The whole number from 0 up that a cell holds, else null. */
function wholeNumber(cell: unknown): number | null {
  const isText = typeof cell === 'string' && !/^\s*\d{1,9}\s*$/.test(cell);
  if (isText || !['string', 'number', 'bigint', 'boolean'].includes(typeof cell)) return null;
  const number = Number(cell);
  return Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : null;
}

function wrong(file: string, found: string, expected: string): Error {
  return dataError(`Cannot use the labels of "${file}": ${found}, expected ${expected}`);
}
