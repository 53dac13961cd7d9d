import picocolors from 'picocolors';
import {
  type AuditData,
  type AuditExample,
  type AuditTruth,
  auditHeadline,
  classInWords,
  type NamedClass,
  rankingNames,
  rankingTitles,
} from './auditData.ts';
import { formatAccuracy, formatCount, formatShare, nothing } from './format.ts';
import { alignedRows, oneLine } from './textTable.ts';

const mostClasses = 20;
const pairsPerClass = 3;
const textWidth = 40;

/** What an audit found, for a terminal: the examples to look at first, then the classes, then what the ranking is worth. */
export function renderAuditTable(found: AuditData, listed: readonly AuditExample[], colour = false): string {
  const paint = picocolors.createColors(colour);
  const table = (headers: readonly string[], rows: readonly (readonly string[])[], left: readonly string[]): string =>
    alignedRows(headers, rows, left, paint.dim);
  const parts = [examplesTable(found, listed, table), classesTable(found, table)];
  if (found.truth !== null) parts.push(truthTable(found, found.truth, table));
  const remarks = [...leftOut(found), ...found.notes];
  return [...parts, [paint.bold(`${auditHeadline(found)}.`), ...remarks].join('\n')].join('\n\n');
}

type Table = (
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  /** The headers of columns that are flush left. */
  left: readonly string[],
) => string;

function examplesTable({ only }: AuditData, listed: readonly AuditExample[], table: Table): string {
  if (listed.length === 0) return only === null ? 'no examples' : `no examples labelled ${shown(only)}`;
  const knowsTruth = listed.some(({ truth }) => truth !== null);
  const hasText = listed.some(({ text }) => text !== null);
  const headers = ['rank', 'id', 'loss', 'label', 'p', 'suggested', 'p', 'margin'];
  const rows = listed.map((example) => [
    String(example.rank),
    String(example.id),
    lossInWords(example.loss),
    shown(example.given),
    formatShare(example.givenProbability),
    suggestion(example),
    formatShare(example.suggestedProbability),
    example.margin === null ? nothing : example.margin.toFixed(2),
    ...(knowsTruth ? [truthOf(example)] : []),
    ...(hasText ? [oneLine(example.text ?? '', textWidth)] : []),
  ]);
  return table([...headers, ...(knowsTruth ? ['truth'] : []), ...(hasText ? ['text'] : [])], rows, [
    'label',
    'suggested',
    'truth',
    'text',
  ]);
}

function classesTable({ classes, truth }: AuditData, table: Table): string {
  const rows = classes.slice(0, mostClasses).map(({ given, examples, suspects, wrong, confusions }) => [
    shown(given),
    formatCount(examples),
    formatCount(suspects),
    suspects === null ? nothing : formatShare(suspects / examples),
    ...(truth === null ? [] : [formatShare((wrong ?? 0) / examples)]),
    confusions
      .slice(0, pairsPerClass)
      .map(({ suggested, count }) => `${oneLine(classInWords(suggested), 16)} (${formatCount(count)})`)
      .join(', '),
  ]);
  const headers = ['label', 'examples', 'suspects', 'share', ...(truth === null ? [] : ['wrong']), 'suggested most'];
  const more = classes.length - rows.length;
  return `${table(headers, rows, ['label', 'suggested most'])}${more > 0 ? `\nand ${more} classes with fewer suspects` : ''}`;
}

function truthTable({ examples }: AuditData, { counts, rankings, wrong }: AuditTruth, table: Table): string {
  const headers = ['ranked by', 'AUROC', ...counts.map((count) => `first ${formatCount(count)}`)];
  const rows = rankingNames.flatMap((name) => {
    const quality = rankings[name];
    if (quality === null) return [];
    return [[rankingTitles[name], formatAccuracy(quality.auroc), ...quality.precision.map(formatShare)]];
  });
  const head = `Against the truth: ${formatCount(wrong)} of ${formatCount(examples)} labels are wrong (${formatShare(wrong / examples)}). Share of wrong labels among the first:`;
  return `${head}\n${table(headers, rows, ['ranked by'])}`;
}

function leftOut({ nan }: AuditData): string[] {
  return nan === 0 ? [] : [`Left out: ${formatCount(nan)} examples whose loss is not a number.`];
}

/** "3 cat", or "3" where it has no name. */
function shown({ label, name }: NamedClass): string {
  return name === null ? String(label) : oneLine(`${label} ${name}`, 20);
}

function suggestion({ given, suggested }: AuditExample): string {
  if (suggested === null) return nothing;
  return suggested.label === given.label ? 'the same' : shown(suggested);
}

function truthOf({ given, truth }: AuditExample): string {
  if (truth === null) return nothing;
  return truth.label === given.label ? 'as labelled' : shown(truth);
}

/** A loss with two decimals. */
function lossInWords(loss: number): string {
  return Number.isFinite(loss) ? loss.toFixed(2) : 'inf';
}
