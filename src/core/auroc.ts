/**
 * The chance that a random positive scores higher than a random negative, equal scores counting half: the area under the
 * ROC curve, by ranks (Mann and Whitney's U over the number of pairs). Null without a positive or without a negative. No
 * score may be NaN.
 */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<number>): number | null {
  const order = descendingOrder(scores);
  let [won, positivesAbove, negatives] = [0, 0, 0];
  for (let from = 0; from < order.length; ) {
    const score = scores[order[from]!];
    let [to, positivesHere] = [from, 0];
    do {
      if (positive[order[to++]!]) positivesHere++;
    } while (to < order.length && scores[order[to]!] === score);
    const negativesHere = to - from - positivesHere;
    won += negativesHere * (positivesAbove + positivesHere / 2);
    positivesAbove += positivesHere;
    negatives += negativesHere;
    from = to;
  }
  return positivesAbove === 0 || negatives === 0 ? null : won / (positivesAbove * negatives);
}

/** The places of `scores`, highest score first, of equal ones the first place. No score may be NaN. */
export function descendingOrder(scores: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: scores.length }, (_, place) => place).sort((a, b) =>
    // Not the difference: that of two infinities is NaN.
    scores[a]! < scores[b]! ? 1 : scores[a]! > scores[b]! ? -1 : a - b,
  );
}

/** The share of positives among the first k places of `order`, for each of the ascending `counts`. */
export function precisionAt(
  order: ArrayLike<number>,
  positive: ArrayLike<number>,
  counts: readonly number[],
): number[] {
  let [seen, found] = [0, 0];
  return counts.map((count) => {
    for (; seen < count; seen++) if (positive[order[seen]!]) found++;
    return found / count;
  });
}
