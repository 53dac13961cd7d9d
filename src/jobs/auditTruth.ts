import { auroc, descendingOrder, precisionAt } from '../core/auroc.ts';
import { predictedProbability } from '../core/labelErrors.ts';
import type { AuditTruth, RankingName, RankingQuality } from '../report/auditData.ts';
import { type LossTable, unknownClass } from '../store/lossTable.ts';

const curvePoints = 80;

/**
 * How well rankings of the rows bring those to the front that are `wrong` (1, else 0): by loss, by margin, and, to compare
 * with, by how unsure the model is, which takes no look at the label.
 */
export function measureAgainstTruth(table: LossTable, wrong: Uint8Array, suspects: Uint8Array): AuditTruth {
  const rows = table.ids.length;
  const errors = wrong.reduce((sum, one) => sum + one, 0);
  const counts = countsFor(errors);
  const curve = curveCounts(rows);
  const known = !table.predicted.includes(unknownClass);
  const scores: Record<RankingName, ArrayLike<number> | null> = {
    loss: table.loss,
    margin: known ? table.margin.map((margin) => -margin) : null,
    confidence: known ? Float64Array.from(table.ids, (_, row) => 1 - predictedProbability(table, row)) : null,
  };
  const along: Record<RankingName, readonly number[] | null> = { loss: [], margin: null, confidence: null };
  const measure = (name: RankingName): RankingQuality | null => {
    const values = scores[name];
    if (values === null) return null;
    const order = descendingOrder(values);
    along[name] = precisionAt(order, wrong, curve);
    return { auroc: auroc(values, wrong), precision: precisionAt(order, wrong, counts) };
  };
  const rankings = { loss: measure('loss'), margin: measure('margin'), confidence: measure('confidence') };
  return {
    wrong: errors,
    wrongSuspects: known ? suspects.reduce((sum, suspect, row) => sum + (suspect && wrong[row]! ? 1 : 0), 0) : null,
    counts,
    rankings,
    curve: { counts: curve, precision: along },
  };
}

/** 100, 1,000, … and the number of wrong labels, up to which a perfect ranking has nothing else. */
function countsFor(errors: number): number[] {
  // Nobody needs both 10,000 and 10,011.
  const round = [100, 1000, 10_000, 100_000, 1_000_000].filter((count) => count < 0.9 * errors);
  return errors === 0 ? [] : [...round, errors];
}

/** From 10 to all rows in equal ratios. */
function curveCounts(rows: number): number[] {
  const first = Math.min(10, rows);
  const step = (rows / first) ** (1 / (curvePoints - 1));
  return [...new Set(Array.from({ length: curvePoints }, (_, at) => Math.min(rows, Math.round(first * step ** at))))];
}
