import { quantileOfSorted } from '../core/statistics.ts';
import type { Dataset } from '../data/dataset.ts';
import type { HardExample, Histogram, ReportData } from '../report/reportData.ts';
import type { LossTable } from '../store/lossTable.ts';
import { storedImage } from './exampleImage.ts';

const bins = 40;
const hardestShown = 30;

/** What a report shows of irreducible losses: their histogram and the examples with the highest. */
export async function describeIrreducible(table: LossTable, data: Dataset): Promise<ReportData['irreducible']> {
  return { histogram: histogramOf(table, data), hardest: await hardestOf(table, data) };
}

/** Counts of the losses, those of right and wrong labels apart where the truth is known. */
export function histogramOf(
  { ids, loss }: Pick<LossTable, 'ids' | 'loss'>,
  { labels, trueLabels }: Pick<Dataset, 'labels' | 'trueLabels'>,
): Histogram {
  const sorted = loss.filter(Number.isFinite).sort();
  // Few losses lie far out; the last bin takes them all.
  const top = sorted.length === 0 ? 1 : Math.max(quantileOfSorted(sorted, 0.995), 1e-6);
  const edges = Array.from({ length: bins + 1 }, (_, i) => (top * i) / bins);
  const count = (counts: (id: number) => boolean) => {
    const filled = new Array<number>(bins).fill(0);
    ids.forEach((id, row) => {
      if (counts(id)) filled[Math.min(bins - 1, Math.floor((loss[row]! / top) * bins))]! += 1;
    });
    return filled;
  };
  return {
    edges,
    all: count(() => true),
    clean: trueLabels ? count((id) => labels[id] === trueLabels[id]) : null,
    corrupted: trueLabels ? count((id) => labels[id] !== trueLabels[id]) : null,
  };
}

async function hardestOf({ ids, loss, predicted }: LossTable, data: Dataset): Promise<HardExample[]> {
  const rows = Array.from(ids.keys())
    .filter((row) => !Number.isNaN(loss[row]!))
    .sort((a, b) => loss[b]! - loss[a]! || a - b)
    .slice(0, hardestShown);
  return Promise.all(
    rows.map(async (row) => {
      const id = ids[row]!;
      return {
        id,
        label: data.labels[id]!,
        trueLabel: data.trueLabels?.[id] ?? null,
        predicted: predicted[row]!,
        loss: loss[row]!,
        image: await storedImage(data, id),
        text: data.textOf?.(id) ?? null,
      };
    }),
  );
}
