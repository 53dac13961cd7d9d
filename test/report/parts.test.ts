import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64 } from '../../src/core/base64.ts';
import { formatCount, formatSeconds } from '../../src/report/format.ts';
import { meanCurve } from '../../src/report/history.ts';
import { imageUrl } from '../../src/report/images.ts';
import { strategyColours } from '../../src/report/palette.ts';
import { parseReportData } from '../../src/report/reportData.ts';
import { spread } from '../../src/report/svg.ts';
import { evaluation, sampleReport } from './sample.ts';

describe('report data', () => {
  it('comes back from JSON as it was', () => {
    expect(parseReportData(JSON.stringify(sampleReport()), 'report.json')).toEqual(sampleReport());
  });

  it('is refused, naming the file, when it is no JSON or of another version', () => {
    expect(() => parseReportData('{', 'a/report.json')).toThrow(/a\/report\.json: it is not valid JSON/);
    expect(() => parseReportData('{"version":2}', 'r.json')).toThrow(/its version is 2, .* reads version 1/);
    expect(() => parseReportData('null', 'r.json')).toThrow(/its version is missing/);
  });
});

describe('the mean over seeds', () => {
  it('covers the steps all seeds share and is null where one value is', () => {
    const curve = meanCurve([
      [evaluation(20, 0.5), evaluation(40, 0.6, { corruptedShare: null }), evaluation(60, 0.7)],
      [evaluation(20, 0.7, { seconds: 0.4 }), evaluation(40, 0.8)],
    ]);
    expect(curve.map(({ step }) => step)).toEqual([20, 40]);
    expect(curve[0]!.accuracy).toBeCloseTo(0.6, 12);
    expect(curve[0]!.seconds).toBeCloseTo(0.3, 12);
    expect(curve.map(({ corruptedShare }) => corruptedShare)).toEqual([0.3, null]);
    expect(curve[0]!.selectedLoss).toEqual({ min: 0, q25: 0.1, median: 0.5, q75: 1.5, max: 9 });
    expect(curve[0]!.otherLoss).toBeNull();
  });

  it('of no runs is empty', () => {
    expect(meanCurve([])).toEqual([]);
  });
});

describe('pictures', () => {
  function bitmap(url: string): DataView {
    const [head, body] = url.split(',');
    expect(head).toBe('data:image/bmp;base64');
    return new DataView(Uint8Array.from(atob(body!), (character) => character.charCodeAt(0)).buffer);
  }

  it('become bitmaps with the top row first and blue before green before red', () => {
    const pixels = toBase64(Uint8Array.of(1, 2, 11, 12, 21, 22));
    const view = bitmap(imageUrl({ width: 1, height: 2, channels: 3, pixels }));
    expect([view.getInt32(18, true), view.getInt32(22, true), view.getUint16(28, true)]).toEqual([1, -2, 24]);
    // A row of three bytes is padded to four.
    expect([...new Uint8Array(view.buffer, 54)]).toEqual([21, 11, 1, 0, 22, 12, 2, 0]);
  });

  it('larger than 112 pixels shrink by the mean of boxes', () => {
    const pixels = toBase64(Uint8Array.from({ length: 224 * 2 }, (_, index) => (index < 224 ? 10 : 20)));
    const view = bitmap(imageUrl({ width: 224, height: 2, channels: 1, pixels }));
    expect([view.getInt32(18, true), view.getInt32(22, true)]).toEqual([112, -1]);
    expect([...new Uint8Array(view.buffer, 54)].every((value) => value === 15)).toBe(true);
  });
});

describe('labels of lines', () => {
  it('stay where they are when they are apart, and part evenly when they are not', () => {
    expect(spread([0.9, 0.1], 0.1, 0)).toEqual([0.9, 0.1]);
    expect(spread([5, 5, 9], 2, 0)).toEqual([4, 6, 9]);
    expect(spread([0, 0], 2, 1)).toEqual([1, 3]);
  });

  it('never meet and keep their order, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 9 }), (values) => {
        const moved = spread(values, 0.06, 0);
        const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
        const heights = order.map((index) => moved[index]!);
        return heights.every((height, place) => height >= (place === 0 ? 0 : heights[place - 1]! + 0.06) - 1e-9);
      }),
    );
  });
});

describe('small things', () => {
  it('well-known strategies keep their colour and no other takes it', () => {
    const colours = strategyColours(['negative-il', 'uniform', 'rho', 'gradient-norm']);
    expect(colours).toMatchObject({ rho: 'var(--c0)', uniform: 'var(--c1)' });
    expect(new Set(Object.values(colours)).size).toBe(4);
  });

  it('numbers are written for people', () => {
    expect([0.6, 9.999, 104.4, 738, 40_000, null].map(formatSeconds)).toEqual([
      '0.60 s',
      '10.0 s',
      '104 s',
      '12.3 min',
      '11.1 h',
      '—',
    ]);
    expect([7, 1234.6, 1_234_567].map(formatCount)).toEqual(['7', '1,235', '1,234,567']);
  });
});
