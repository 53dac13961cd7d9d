import { type RankAgreement, rankAgreement } from '../core/rankAgreement.ts';

/**
 * How well the scores that a step selects by agree with exact ones. With a shortlist, positions of candidates, those on it have
 * their exact scores, and the others keep theirs but are behind all of them when the best are chosen.
 */
export function agreementWith(exact: Float32Array, used: Float32Array, shortlist: Uint32Array | null): RankAgreement {
  if (shortlist === null) return rankAgreement(exact, used);
  const listed = new Set(shortlist);
  const merged = used.map((score, position) => (listed.has(position) ? exact[position]! : score));
  const choosable = exact.map((score, position) => (listed.has(position) ? score : Number.NEGATIVE_INFINITY));
  const { topTenthOverlap } = rankAgreement(exact, choosable);
  return { spearman: rankAgreement(exact, merged).spearman, topTenthOverlap };
}
