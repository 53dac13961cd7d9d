import { toBase64 } from '../core/base64.ts';
import { quantileOfSorted } from '../core/statistics.ts';
import { elementCount } from '../core/tensor.ts';
import type { Dataset } from '../data/dataset.ts';
import type { HardExample, Histogram, ReportData, ReportImage } from '../report/reportData.ts';
import type { LossTable } from '../store/lossTable.ts';

const bins = 40;
const hardestShown = 30;

/** What a report shows of irreducible losses: their histogram and the examples with the highest. */
export async function describeIrreducible(table: LossTable, data: Dataset): Promise<ReportData['irreducible']> {
  return { histogram: histogramOf(table, data), hardest: await hardestOf(table, data) };
}

function histogramOf({ ids, loss }: LossTable, { labels, trueLabels }: Dataset): Histogram {
  const sorted = loss.filter(Number.isFinite).sort();
  // Few losses lie far out; the last bin takes them all.
  const top = Math.max(quantileOfSorted(sorted, 0.995), 1e-6);
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
        image: await imageOf(data, id),
        text: data.textOf?.(id) ?? null,
      };
    }),
  );
}

/** The example as a picture, where it is stored as one: uint8 [1 or 3, height, width]. */
async function imageOf(data: Dataset, id: number): Promise<ReportImage | null> {
  const { dtype, dims } = data.inputs[0]!;
  const [channels, height, width] = dims;
  if (dtype !== 'uint8' || dims.length !== 3 || (channels !== 1 && channels !== 3)) return null;
  const { inputs } = await data.gather([id]);
  const bytes = (inputs[0]!.data as Uint8Array).subarray(0, elementCount(dims));
  return { width: width!, height: height!, channels, pixels: toBase64(bytes) };
}
