import { expect, test } from 'vitest';
import { type CurveChart, curvesSvg, roundUp, ticks } from '../../../src/web/run/curves.ts';
import { assertNested } from '../../report/assertNested.ts';

// A frame of 200 x 100 units: 44 left, 14 and 3 letters of 7.6 right, 12 above, 40 below.
const chart: CurveChart = {
  description: 'Accuracy & steps',
  curves: [
    {
      name: 'rho',
      colour: 'var(--c0)',
      points: [
        { x: 0, y: 0.5, title: 'a' },
        { x: 50, y: 1, title: 'b <' },
      ],
    },
  ],
  width: 44 + 200 + 14 + 22.8,
  height: 152,
  ...{ right: 100, low: 0.5, high: 1, xLabel: 'steps', yFormat: (value: number) => value.toFixed(1) },
};

test('points lie where axes say', () => {
  const svg = curvesSvg(chart);
  expect(svg).toContain('<path class="curve" d="M44 112L144 12"/>');
  expect(svg).toContain('<circle cx="144" cy="12" r="2.5"><title>b &lt;</title></circle>');
  expect(svg).toContain('aria-label="Accuracy &amp; steps"');
  expect(svg).toMatch(/<text class="name" x="252" y="12" [^>]*>rho<\/text>/);
});

test('the ends of curves that meet are named apart', () => {
  const [rho] = chart.curves;
  const svg = curvesSvg({ ...chart, curves: [rho!, { ...rho!, name: 'uni' }] });
  const heights = [...svg.matchAll(/class="name" x="252" y="([\d.]+)"/g)].map(([, y]) => Number(y));
  expect(Math.abs(heights[0]! - heights[1]!)).toBeGreaterThanOrEqual(15.9);
});

test('long curves are thinned and keep their last point', () => {
  const points = Array.from({ length: 5001 }, (_, x) => ({ x: x / 100, y: 0.75, title: '' }));
  const svg = curvesSvg({ ...chart, curves: [{ ...chart.curves[0]!, points }] });
  expect(svg.length).toBeLessThan(8000);
  expect(svg).toContain('L144 62"/>');
  expect(svg).not.toContain('<circle');
});

test('the text is well formed', () => {
  expect(() => assertNested(curvesSvg(chart))).not.toThrow();
});

test('ticks are round and lie on the axis', () => {
  expect(ticks(0, 300, 5)).toEqual([0, 100, 200, 300]);
  expect(ticks(0.3, 1, 5)).toEqual([0.4, 0.6, 0.8, 1]);
  expect(ticks(0, 0.7, 5)).toEqual([0, 0.2, 0.4, 0.6]);
});

test('an axis ends at a round number that is not below the largest value', () => {
  expect([0, 0.31, 1, 11.2, 95, 1000].map(roundUp)).toEqual([1, 0.4, 1, 15, 100, 1000]);
});
