import type { ClassAudit, Confusion, NamedClass } from '../report/auditData.ts';
import type { LossTable } from '../store/lossTable.ts';

/** What is known of each row beside the table; null where nothing is. */
export interface RowMarks {
  readonly suspects: Uint8Array | null;
  readonly wrong: Uint8Array | null;
}

interface Tally {
  examples: number;
  wrong: number;
  /** Suspects by the class they are predicted as. */
  readonly suggested: Map<number, number>;
}

/** What was found among the examples of each given label that there is, most suspects first. */
export function auditClasses(
  { labels, predicted }: LossTable,
  { suspects, wrong }: RowMarks,
  named: (label: number) => NamedClass,
): ClassAudit[] {
  const tallies = new Map<number, Tally>();
  labels.forEach((label, row) => {
    const tally = tallies.get(label) ?? { examples: 0, wrong: 0, suggested: new Map() };
    tallies.set(label, tally);
    tally.examples++;
    tally.wrong += wrong?.[row] ?? 0;
    if (suspects?.[row]) tally.suggested.set(predicted[row]!, (tally.suggested.get(predicted[row]!) ?? 0) + 1);
  });
  const found = [...tallies].map(([label, tally]): ClassAudit => {
    const given = named(label);
    const confusions = [...tally.suggested]
      .map(([suggested, count]): Confusion => ({ suggested: named(suggested), count }))
      .sort((a, b) => b.count - a.count || a.suggested.label - b.suggested.label);
    return {
      given,
      examples: tally.examples,
      suspects: suspects && confusions.reduce((sum, { count }) => sum + count, 0),
      wrong: wrong && tally.wrong,
      confusions,
    };
  });
  return found.sort((a, b) => (b.suspects ?? 0) - (a.suspects ?? 0) || a.given.label - b.given.label);
}
