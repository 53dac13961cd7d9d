import { descendingOrder } from '../core/auroc.ts';
import { dataError, RhoError, usageError } from '../core/errors.ts';
import { findSuspects, givenProbability, predictedProbability } from '../core/labelErrors.ts';
import type { Dataset } from '../data/dataset.ts';
import { auditCsv } from '../report/auditCsv.ts';
import type { AuditData, AuditExample, NamedClass } from '../report/auditData.ts';
import { renderAudit } from '../report/auditHtml.ts';
import { writeFileAtomic } from '../runtime/files.ts';
import { versions } from '../runtime/host.ts';
import { countLeaks } from '../store/checkLeak.ts';
import { checkStore } from '../store/checkStore.ts';
import { type LossTable, unknownClass } from '../store/lossTable.ts';
import { type LossStore, openLossStore } from '../store/readStore.ts';
import { auditClasses } from './auditClasses.ts';
import { measureAgainstTruth } from './auditTruth.ts';
import { exampleImageUrl } from './exampleImage.ts';
import { openTrainingData, type TrainingData } from './experiment.ts';
import { histogramOf } from './irreducibleReport.ts';

/** What is audited, and what is made of it. */
export interface AuditOptions {
  readonly store: string;
  /** Where data, labels and vocabulary lie now; null where they lie where the store was made from. */
  readonly data: string | null;
  readonly labels: string | null;
  readonly vocab: string | null;
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
  const { data, fingerprint } = await openDataOf(store, options);
  checkStore(store, { data: { name: data.name, fingerprint } });
  const { table, nan } = withoutNan(await store.readTable());
  if (table.ids.length === 0)
    throw dataError(
      `Cannot audit loss store "${store.folder}": it has no loss that is a number; run "rho score" again`,
    );
  const named = namesOf(data);
  const only = options.onlyClass === null ? null : named(findClass(options.onlyClass, data));

  const predicts = !table.predicted.every((label) => label === unknownClass);
  const suspects = findSuspects(table, data.classes);
  const { labels, trueLabels } = data;
  const wrong = trueLabels ? Uint8Array.from(table.ids, (id) => (labels[id] === trueLabels[id] ? 0 : 1)) : null;
  const count = (marks: Uint8Array): number | null => (predicts ? marks.reduce((sum, one) => sum + one, 0) : null);
  const { name, classes, noise, labels: givenLabels, split } = store.manifest.data;
  const found: AuditData = {
    store: store.folder,
    created: new Date().toISOString(),
    versions: { ...versions() },
    data: { name: options.data ?? name, fingerprint, classes, noise, labels: options.labels ?? givenLabels, split },
    models: store.manifest.models.map((model) => model.architecture ?? model.name),
    examples: table.ids.length,
    nan,
    differing: count(
      Uint8Array.from(table.predicted, (label, row) => (label !== unknownClass && label !== table.labels[row] ? 1 : 0)),
    ),
    suspects: count(suspects),
    classes: auditClasses(table, { suspects: predicts ? suspects : null, wrong }, named),
    truth: wrong && measureAgainstTruth(table, wrong, suspects),
    histogram: histogramOf(table, data),
    only,
    notes: await notesOn(store, table.ids),
  };

  const ranks = descendingOrder(table.loss);
  const list = listOf({ table, data, suspects, only, named, ranks });
  if (options.csv !== null) await writeFileAtomic(options.csv, auditCsv(list(options.top ?? Number.POSITIVE_INFINITY)));
  if (options.html !== null) {
    const cards = [];
    for (const example of list(options.top ?? usualTop.page))
      cards.push({ ...example, picture: await exampleImageUrl(data, example.id) });
    await writeFileAtomic(options.html, await renderAudit(found, cards, options.command));
  }
  return { found, listed: [...list(options.top ?? usualTop.list)] };
}

/** Opens the data that a store was made from by the options that it records. */
async function openDataOf(store: LossStore, options: AuditOptions): Promise<TrainingData> {
  const recorded = store.manifest.data;
  const moved = (['data', 'labels', 'vocab'] as const).filter((name) => options[name] !== null);
  try {
    return await openTrainingData({
      ...recorded,
      data: options.data ?? recorded.name,
      test: null,
      labels: options.labels ?? recorded.labels,
      vocab: options.vocab ?? recorded.vocab,
    });
  } catch (error) {
    if (!(error instanceof RhoError) || error.kind !== 'data' || moved.length > 0) throw error;
    throw dataError(
      `${error.message}; where data, labels or vocabulary lie elsewhere than when "${store.folder}" was made, pass --data, --labels or --vocab`,
    );
  }
}

/** The rows whose loss is a number, and how many others there are: a NaN is no evidence against a label. */
function withoutNan(table: LossTable): { readonly table: LossTable; readonly nan: number } {
  const keeps = (_: number, row: number): boolean => !Number.isNaN(table.loss[row]!);
  const ids = table.ids.filter(keeps);
  const nan = table.ids.length - ids.length;
  if (nan === 0) return { table, nan };
  return {
    table: {
      ids,
      loss: table.loss.filter(keeps),
      labels: table.labels.filter(keeps),
      predicted: table.predicted.filter(keeps),
      margin: table.margin.filter(keeps),
    },
    nan,
  };
}

function classNamesOf(data: Dataset): readonly string[] | undefined {
  return (data as { readonly classNames?: readonly string[] }).classNames;
}

function namesOf(data: Dataset): (label: number) => NamedClass {
  const names = classNamesOf(data);
  return (label) => ({ label, name: names?.[label] ?? null });
}

/** A class by number or by name. */
function findClass(text: string, data: Dataset): number {
  const names = classNamesOf(data) ?? [];
  const label = names.includes(text) ? names.indexOf(text) : /^\d+$/.test(text) ? Number(text) : data.classes;
  if (label < data.classes) return label;
  const known = names.length > 0 ? ` or one of ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}` : '';
  throw usageError(`Cannot list the class "${text}" of "${data.name}": expected 0 to ${data.classes - 1}${known}`);
}

interface Ranked {
  readonly table: LossTable;
  readonly data: Dataset;
  readonly suspects: Uint8Array;
  readonly only: NamedClass | null;
  readonly named: (label: number) => NamedClass;
  /** Rows, highest loss first. */
  readonly ranks: Uint32Array;
}

/** Gives the first examples of the ranking, one by one. */
function listOf({ table, data, suspects, only, named, ranks }: Ranked): (top: number) => Iterable<AuditExample> {
  return function* (top) {
    let listed = 0;
    for (let rank = 0; rank < ranks.length && listed < top; rank++) {
      const row = ranks[rank]!;
      const [id, label, suggested] = [table.ids[row]!, table.labels[row]!, table.predicted[row]!];
      if (only !== null && label !== only.label) continue;
      const known = suggested !== unknownClass;
      listed++;
      yield {
        rank: rank + 1,
        id,
        loss: table.loss[row]!,
        given: named(label),
        givenProbability: givenProbability(table, row),
        suggested: known ? named(suggested) : null,
        suggestedProbability: known ? predictedProbability(table, row) : null,
        margin: known ? table.margin[row]! : null,
        suspect: known ? suspects[row] === 1 : null,
        truth: data.trueLabels ? named(data.trueLabels[id]!) : null,
        text: data.textOf?.(id) ?? null,
      };
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
