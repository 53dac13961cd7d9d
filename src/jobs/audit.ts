import { descendingOrder } from '../core/auroc.ts';
import { dataError, usageError } from '../core/errors.ts';
import { findSuspects } from '../core/labelErrors.ts';
import type { Dataset } from '../data/dataset.ts';
import { auditCsv } from '../report/auditCsv.ts';
import type { AuditData, AuditExample, NamedClass } from '../report/auditData.ts';
import { renderAudit } from '../report/auditHtml.ts';
import { writeFileAtomic } from '../runtime/files.ts';
import { versions } from '../runtime/host.ts';
import { countLeaks } from '../store/checkLeak.ts';
import { type LossTable, unknownClass } from '../store/lossTable.ts';
import { type LossStore, openLossStore } from '../store/readStore.ts';
import { withoutNan } from '../store/withoutNan.ts';
import { auditClasses } from './auditClasses.ts';
import { auditExample, namesOf } from './auditExample.ts';
import { measureAgainstTruth } from './auditTruth.ts';
import { exampleImageUrl } from './exampleImage.ts';
import type { TrainingData } from './experiment.ts';
import { histogramOf } from './irreducibleReport.ts';
import { type MovedData, openStoreData } from './storeData.ts';

/** What is audited, and what is made of it. */
export interface AuditOptions extends MovedData {
  readonly store: string;
  /** The given label to list alone, as a number or a name; null lists all. */
  readonly onlyClass: string | null;
  /** Examples listed; null takes the usual number of each form: 20, 200 on a page, all in a CSV file. */
  readonly top: number | null;
  /** Files to write; null writes none. */
  readonly csv: string | null;
  readonly html: string | null;
  /** The command line, for the page. */
  readonly command: string;
}

/** What an audit found, and the examples to look at first. */
export interface Audit {
  readonly found: AuditData;
  readonly listed: readonly AuditExample[];
}

const usualTop = { list: 20, page: 200 };

/** Ranks the examples of a loss store by irreducible loss, highest first: likely label errors. */
export async function audit(options: AuditOptions): Promise<Audit> {
  const store = await openLossStore(options.store);
  const training = await openStoreData(store.folder, store.manifest, options);
  const { data } = training;
  const named = namesOf(data);
  const only = options.onlyClass === null ? null : named(findClass(options.onlyClass, data));
  const { table, nan } = withoutNan(await store.readTable());
  if (table.ids.length === 0)
    throw dataError(
      `Cannot audit loss store "${store.folder}": it has no loss that is a number; run "rho score" again`,
    );
  const suspects = findSuspects(table, data.classes);
  const ranked = { table, data, suspects, only, named };
  const found = await describeAudit(store, training, ranked, nan);

  const list = listOf(ranked);
  if (options.csv !== null) await writeFileAtomic(options.csv, auditCsv(list(options.top ?? Number.POSITIVE_INFINITY)));
  if (options.html !== null) {
    const cards = [];
    for (const example of list(options.top ?? usualTop.page))
      cards.push({ ...example, picture: await exampleImageUrl(data, example.id) });
    await writeFileAtomic(options.html, await renderAudit(found, cards, options.command));
  }
  return { found, listed: [...list(options.top ?? usualTop.list)] };
}

/** The rows of a store, and what is known of them. */
interface Ranked {
  readonly table: LossTable;
  readonly data: Dataset;
  readonly suspects: Uint8Array;
  readonly only: NamedClass | null;
  readonly named: (label: number) => NamedClass;
}

async function describeAudit(
  store: LossStore,
  { fingerprint, options }: TrainingData,
  { table, data, suspects, only, named }: Ranked,
  nan: number,
): Promise<AuditData> {
  const { labels, trueLabels, name, classes } = data;
  const predicts = table.predicted.some((label) => label !== unknownClass);
  const count = (marks: Uint8Array): number | null => (predicts ? marks.reduce((sum, one) => sum + one, 0) : null);
  const differs = table.predicted.map((label, row) => Number(label !== unknownClass && label !== table.labels[row]));
  const wrong = trueLabels ? Uint8Array.from(table.ids, (id) => Number(labels[id] !== trueLabels[id])) : null;
  return {
    store: store.folder,
    created: new Date().toISOString(),
    versions: { ...versions() },
    data: {
      ...{ name, fingerprint, classes, noise: options.noise, labels: options.labels },
      split: store.manifest.data.split,
    },
    models: store.manifest.models.map((model) => model.architecture ?? model.name),
    examples: table.ids.length,
    nan,
    differing: count(Uint8Array.from(differs)),
    suspects: count(suspects),
    classes: auditClasses(table, { suspects: predicts ? suspects : null, wrong }, named),
    truth: wrong && measureAgainstTruth(table, wrong, suspects),
    histogram: histogramOf(table, data),
    only,
    notes: await notesOn(store, table.ids),
  };
}

/** A class by number or by name. */
function findClass(text: string, data: Dataset): number {
  const names = data.classNames ?? [];
  const label = names.includes(text) ? names.indexOf(text) : /^\d+$/.test(text) ? Number(text) : data.classes;
  if (label < data.classes) return label;
  const known = names.length > 0 ? ` or one of ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}` : '';
  throw usageError(`Cannot list the class "${text}" of "${data.name}": expected 0 to ${data.classes - 1}${known}`);
}

/** Gives the first examples of the ranking, one by one. */
function listOf({ table, data, suspects, only }: Ranked): (top: number) => Iterable<AuditExample> {
  const ranks = descendingOrder(table.loss);
  return function* (top) {
    let listed = 0;
    for (let rank = 0; rank < ranks.length && listed < top; rank++) {
      const row = ranks[rank]!;
      if (only !== null && table.labels[row] !== only.label) continue;
      listed++;
      yield auditExample(table, row, rank + 1, suspects, data);
    }
  };
}

async function notesOn(store: LossStore, ids: Uint32Array): Promise<string[]> {
  const { manifest } = store;
  const notes = [];
  const { scoredBy } = await store.readLosses();
  const leaks = countLeaks(manifest, scoredBy, ids);
  if (leaks > 0)
    notes.push(
      `The model was trained on ${leaks.toLocaleString('en-US')} of these examples: the more of their wrong labels it has learnt, the fewer show.`,
    );
  if (manifest.models.some(({ trainedOn }) => trainedOn === null))
    notes.push('What the model was trained on is not known: wrong labels that it has learnt do not show.');
  if (manifest.part !== null)
    notes.push(`The store is part ${manifest.part.index} of ${manifest.part.of}; "rho merge" joins the parts.`);
  return notes;
}
