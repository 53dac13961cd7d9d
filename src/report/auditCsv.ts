import type { AuditExample } from './auditData.ts';

const columns = [
  'rank',
  'id',
  'loss',
  'label',
  'label_name',
  'predicted',
  'predicted_name',
  'p_label',
  'p_predicted',
  'margin',
  'suspect',
  'true_label',
  'text',
] as const;

const rowsPerPiece = 1000;

/** The examples as CSV (RFC 4180, UTF-8, with a header), in pieces of some rows. docs/formats.md tells the columns. */
export function* auditCsv(examples: Iterable<AuditExample>): Generator<string> {
  let rows = [columns.join(',')];
  for (const example of examples) {
    rows.push(cellsOf(example).map(quoted).join(','));
    if (rows.length >= rowsPerPiece) {
      yield `${rows.join('\r\n')}\r\n`;
      rows = [];
    }
  }
  if (rows.length > 0) yield `${rows.join('\r\n')}\r\n`;
}

type Cell = string | number | null;

function cellsOf(example: AuditExample): Cell[] {
  const { rank, id, loss, given, suggested, suspect, truth, text } = example;
  const { givenProbability, suggestedProbability, margin } = example;
  return [
    ...[rank, id, short(loss), given.label, given.name, suggested?.label ?? null, suggested?.name ?? null],
    ...[short(givenProbability), short(suggestedProbability), short(margin)],
    ...[suspect === null ? null : Number(suspect), truth?.label ?? null, text],
  ];
}

/** As many digits as tell one float32 from the next; pandas and DuckDB read `inf`. */
function short(value: number | null): Cell {
  if (value === null || Number.isNaN(value)) return null;
  return Number.isFinite(value) ? Number(value.toPrecision(9)) : 'inf';
}

function quoted(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
