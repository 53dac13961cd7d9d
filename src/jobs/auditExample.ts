import { givenProbability, predictedProbability } from '../core/labelErrors.ts';
import type { Dataset } from '../data/dataset.ts';
import type { AuditExample, NamedClass } from '../report/auditData.ts';
import { type LossTable, unknownClass } from '../store/lossTable.ts';

/** What is looked up in the data of a store; nothing where they are not at hand. */
export type KnownData = Partial<Pick<Dataset, 'classNames' | 'trueLabels' | 'textOf'>>;

/** Gives classes their names, where the data have some. */
export function namesOf({ classNames }: Pick<KnownData, 'classNames'>): (label: number) => NamedClass {
  return (label) => ({ label, name: classNames?.[label] ?? null });
}

/** What is known of the example in a row of a store; `suspects` marks rows (see findSuspects). */
export function auditExample(
  table: LossTable,
  row: number,
  rank: number,
  suspects: Uint8Array,
  data: KnownData,
): AuditExample {
  const named = namesOf(data);
  const [id, label, suggested] = [table.ids[row]!, table.labels[row]!, table.predicted[row]!];
  const known = suggested !== unknownClass;
  return {
    rank,
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
