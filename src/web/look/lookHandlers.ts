import { auditExample, namesOf } from '../../jobs/auditExample.ts';
import { exampleImageUrl } from '../../jobs/exampleImage.ts';
import { histogramOf } from '../../jobs/irreducibleReport.ts';
import type { AuditCard } from '../../report/auditData.ts';
import { drawHistogram } from '../../report/plots.ts';
import { makePen, type Pen } from '../../report/svg.ts';
import { doubtsAbout } from '../../store/doubts.ts';
import type { StoreManifest } from '../../store/manifest.ts';
import { countConfusions } from './confusions.ts';
import { extremeRows, lowestOfEach } from './extremeRows.ts';
import { type LookedStore, lookedStore, openLookedData, readLooked } from './lookedStore.ts';
import type { ClassCount, LookCalls, RowsRequest, StoreOverview } from './messages.ts';
import { isPicture, pictureOf } from './pictureOf.ts';

/** More classes make no table that could be read. */
const mostInMatrix = 20;
const mistakesListed = 30;
/** Bars of few examples show beside one of so many. */
const readableCount = 50;
/** More make no list that anyone picks from. */
const mostClasses = 1000;

let pen: Promise<Pen> | undefined;

/** Answers what the page asks of a store that is looked at. */
export const lookHandlers: LookCalls = {
  look: async (folder) => overviewOf(await readLooked(folder)),
  lookData: ({ folder, data }) => openLookedData(folder, data),
  async lookRows(request) {
    const store = await lookedStore(request.folder);
    const { table, data } = store;
    const accepts = acceptedBy(store, request);
    const chosen = table.ids.filter((_, row) => accepts(row));
    const losses = table.loss.filter((_, row) => accepts(row));
    const truth = data?.trueLabels && { trueLabels: data.trueLabels };
    const histogram = histogramOf({ ids: chosen, loss: losses }, { labels: data?.labels ?? table.labels, ...truth });
    const isByRoot = Math.max(...histogram.all) > readableCount;
    pen ??= makePen();
    const count = chosen.length;
    const high = extremeRows(table.loss, accepts, Math.min(request.top, Math.ceil(count / 2)), 'highest');
    const isHigh = new Set(high);
    const others = (row: number) => accepts(row) && !isHigh.has(row);
    const low = lowestOfEach(table.loss, table.labels, others, Math.min(request.top, count - high.length));
    return {
      count,
      histogram: drawHistogram(await pen, histogram, isByRoot ? 'sqrt' : 'linear'),
      isByTruth: truth !== undefined,
      isByRoot,
      highest: await cardsOf(store, high),
      lowest: await cardsOf(store, low),
    };
  },
  async lookExample({ folder, id }) {
    const { table, suspects, data, manifest } = await lookedStore(folder);
    const audited = auditExample(table, table.ids.indexOf(id), 0, suspects, data ?? {});
    // Who knows nothing suspects nothing.
    const example = knowsNothing(manifest) ? { ...audited, suspect: null } : audited;
    return { example, picture: data && (await pictureOf(data, id)) };
  },
};

function overviewOf(store: LookedStore): StoreOverview {
  const { folder, manifest, table, nan, suspects, data } = store;
  const { name, length, classes, split, holdout, noise } = manifest.data;
  const { examples, pairs } = countConfusions(table);
  const named = namesOf(data ?? {});
  const counted = (counts: ReadonlyMap<number, number>): ClassCount[] =>
    [...counts]
      .sort(([a], [b]) => a - b)
      .slice(0, mostClasses)
      .map(([label, count]) => ({ named: named(label), count }));
  const predicted = new Map<number, number>();
  for (const pair of pairs) predicted.set(pair.predicted, (predicted.get(pair.predicted) ?? 0) + pair.count);
  const isMatrix = examples.size <= mostInMatrix && predicted.size <= mostInMatrix;
  const mistakes = pairs.filter((pair) => pair.label !== pair.predicted);
  return {
    folder,
    data: { name, length, classes, split, holdout, noise },
    models: manifest.models.map((model) => model.architecture ?? model.name),
    device: manifest.scoring.device,
    rows: table.ids.length,
    nan,
    meanLoss: manifest.statistics.meanLoss,
    accuracy: manifest.statistics.accuracy,
    differing: pairs.length === 0 ? null : mistakes.reduce((sum, pair) => sum + pair.count, 0),
    suspects: pairs.length === 0 || knowsNothing(manifest) ? null : suspects.reduce((sum, one) => sum + one, 0),
    truth: truthOf(store),
    labels: counted(examples),
    predicted: counted(predicted),
    confusions: isMatrix ? pairs : mistakes.slice(0, mistakesListed),
    isMatrix,
    shows: data && (data.textOf !== undefined ? 'texts' : isPicture(data) ? 'pictures' : 'neither'),
    doubts: doubtsAbout(manifest),
  };
}

/** Of a model that is sure, wrong labels alone may bring the mean loss to that of guessing: most are predicted as labelled still. */
function knowsNothing(manifest: StoreManifest): boolean {
  const { accuracy } = manifest.statistics;
  return doubtsAbout(manifest).length > 0 && accuracy !== null && accuracy < 0.5;
}

function truthOf({ table, suspects, data }: LookedStore): StoreOverview['truth'] {
  const truth = data?.trueLabels;
  if (truth === undefined) return null;
  let [wrong, wrongSuspects] = [0, 0];
  table.ids.forEach((id, row) => {
    if (table.labels[row] === truth[id]) return;
    wrong++;
    wrongSuspects += suspects[row]!;
  });
  return { wrong, wrongSuspects };
}

function acceptedBy({ table }: LookedStore, { label, predicted }: RowsRequest): (row: number) => boolean {
  return (row) =>
    (label === null || table.labels[row] === label) && (predicted === null || table.predicted[row] === predicted);
}

function cardsOf({ table, suspects, data }: LookedStore, rows: readonly number[]): Promise<AuditCard[]> {
  return Promise.all(
    rows.map(async (row, place) => ({
      ...auditExample(table, row, place + 1, suspects, data ?? {}),
      picture: data && (await exampleImageUrl(data, table.ids[row]!)),
    })),
  );
}
