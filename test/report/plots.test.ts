import { expect, test } from 'vitest';
import { drawHistogram } from '../../src/report/plots.ts';
import { makePen } from '../../src/report/svg.ts';

const pen = await makePen();

test('the last bar of a histogram says that it has all that is higher, too', () => {
  const svg = drawHistogram(pen, { edges: [0, 1.5, 3], clean: null, corrupted: null, all: [12_000, 2] });
  expect(svg).toMatch(/>≥ 1\.50</);
  expect(svg).toMatch(/all, 0\.000 to 1\.50: 12,000</);
  expect(svg).toMatch(/all, 1\.50 and above: 2</);
});

test('a few examples are counted in whole numbers', () => {
  const svg = drawHistogram(pen, { edges: [0, 1, 2, 3], clean: [1, 0, 1], corrupted: [0, 2, 0], all: [1, 2, 1] });
  const axis = /aria-label="y-axis tick label".*?<\/g>/s.exec(svg)![0];
  expect([...axis.matchAll(/>([\d.]+)</g)].map(([, tick]) => tick)).toEqual(['0', '1', '2']);
});
