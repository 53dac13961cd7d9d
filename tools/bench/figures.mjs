const warmUp = 10;
const block = 10;

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length % 2
    ? sorted[sorted.length >> 1]
    : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}

/** The mean; null where one of them is. */
export function mean(values) {
  if (values.length === 0 || values.some((value) => value == null)) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Seconds of a step without the first ten: the median over blocks of ten steps of their mean, as steps are not alike where
 * weights are refreshed now and then.
 */
export function stepSeconds(events) {
  const ends = events.filter(({ type }) => type === 'step').map(({ seconds }) => seconds);
  const blocks = [];
  for (let from = warmUp; from + block <= ends.length; from += block)
    blocks.push((ends[from + block - 1] - ends[from - 1]) / block);
  if (blocks.length === 0) throw new Error(`Cannot time ${ends.length} steps: at least ${warmUp + block} are needed`);
  return median(blocks);
}

const evaluations = (events) => events.filter(({ type }) => type === 'evaluation');

/** The first evaluation that reached an accuracy; null where none did. */
export function firstAt(events, target) {
  return evaluations(events).find(({ accuracy }) => accuracy >= Number(target)) ?? null;
}

/** The accuracy of the last evaluation within some seconds of training; null where there is none yet. */
export function accuracyAt(events, seconds) {
  return evaluations(events).findLast((evaluation) => evaluation.seconds <= seconds)?.accuracy ?? null;
}

/** The accuracy after the last step. */
export function finalAccuracy(events) {
  return evaluations(events).at(-1).accuracy;
}

export function secondsOf(events) {
  return events.findLast(({ type }) => type === 'step').seconds;
}
