import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type GivenClasses, type Labels, readLabels } from '../../src/data/readLabels.ts';

function read(cells: readonly unknown[], given: GivenClasses = {}): Labels {
  return readLabels(cells, cells.length, { file: 'x', where: (id) => `row ${id + 1}`, given });
}

test('whole numbers of any kind stay as they are', () => {
  expect(read(['2', ' 0 ', 1, 3n, true])).toEqual({ labels: Int32Array.of(2, 0, 1, 3, 1), classes: 4 });
  expect(read([0, 1], { classes: 5 }).classes).toBe(5);
  expect(read([0, 1], { classes: 3, classNames: ['a', 'b', 'c'] }).classNames).toEqual(['a', 'b', 'c']);
});

test('names become their places in the order of code units', () => {
  expect(read(['b', 'B', 'é', 'b', 'a10', 'a9'])).toEqual({
    labels: Int32Array.of(3, 0, 4, 3, 1, 2),
    classes: 5,
    classNames: ['B', 'a10', 'a9', 'b', 'é'],
  });
  expect(read(['only']).classes).toBe(2);
  expect(read(['c'], { classes: 3, classNames: ['c', 'a', 'b'] }).labels).toEqual(Int32Array.of(0));
});

test('every label is the place of its name', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.stringMatching(/^[a-z]{1,3}$/).filter((name) => Number.isNaN(Number(name))),
        { minLength: 1 },
      ),
      (names) => {
        const { labels, classNames } = read(names);
        expect([...labels].map((label) => classNames![label])).toEqual(names);
        expect([...classNames!]).toEqual([...new Set(names)].sort());
      },
    ),
  );
});

test.each<[string, unknown[], GivenClasses, string]>([
  ['a name among numbers', ['1', 'two'], {}, 'row 2 has "two", expected a whole number from 0 up, as before'],
  ['a number among names', ['two', '1'], {}, 'row 2 has "1", expected a name such as "two", as before'],
  ['a broken number', [0.5], {}, 'row 1 has 0.5, expected a whole number from 0 up'],
  ['a number below 0', [-1], {}, 'row 1 has -1'],
  ['nothing', [''], {}, 'row 1 has ""'],
  ['a missing value', [null], {}, 'row 1 has null'],
  ['a number too great', [2 ** 31], {}, 'row 1 has 2147483648'],
  ['a class beyond those there are', [3], { classes: 3 }, 'example 0 has label 3, expected 0 to 2'],
  ['an unknown name', ['c'], { classes: 2, classNames: ['a', 'b'] }, 'there is "c", expected one of a, b'],
  ['names where there were numbers', ['c'], { classes: 2 }, 'those of the training data are numbers'],
])('%s is refused', (_what, cells, given, reason) => {
  expect(() => read(cells, given)).toThrow('Cannot use the labels of "x": ');
  expect(() => read(cells, given)).toThrow(reason);
});
