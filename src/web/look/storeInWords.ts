import { formatCount, formatCounted, formatLoss, formatShare } from '../../report/format.ts';
import { forPage } from '../sentence.ts';
import type { StoreOverview } from './messages.ts';

/** What was found, in a line. */
export function headline({ rows, suspects, truth }: StoreOverview): string {
  if (suspects === null) return `${formatCounted(rows, 'label')}, ranked by irreducible loss`;
  const share = rows === 0 ? null : suspects / rows;
  const right =
    truth === null || suspects === 0 ? '' : `, ${formatShare(truth.wrongSuspects / suspects)} of them truly wrong`;
  const are = suspects === 1 ? 'is' : 'are';
  return `${formatCount(suspects)} of ${formatCounted(rows, 'label')} ${are} suspect (${formatShare(share)})${right}`;
}

/** Whose losses of what they are, and what "suspect" means. */
export function summary({
  data,
  models,
  device,
  nan,
  meanLoss,
  differing,
  suspects,
  truth,
  rows,
}: StoreOverview): string {
  const noise = data.noise === 'none' ? '' : `, with label noise ${data.noise}`;
  const sentences = [
    `Losses by ${models.map(forPage).join(', ')} (${device}) on ${forPage(data.name)}${noise}: ${examplesOf(data)}.`,
    `Their mean is ${formatLoss(meanLoss)}.`,
  ];
  if (differing !== null)
    sentences.push(
      `${formatCount(differing)} are predicted as another class than their label (${formatShare(differing / rows)}).`,
    );
  if (suspects !== null)
    sentences.push(
      'Suspect are those of them that are predicted at least as surely as examples that do have the predicted label are on average.',
    );
  if (truth !== null)
    sentences.push(`In truth ${formatCount(truth.wrong)} labels are wrong (${formatShare(truth.wrong / rows)}).`);
  if (nan > 0) sentences.push(`${formatCount(nan)} are left out, their loss is not a number.`);
  return sentences.join(' ');
}

function examplesOf({ split, holdout, length }: StoreOverview['data']): string {
  if (split === 'all' || holdout === 'none') return `all ${formatCounted(length, 'example')}`;
  const which = split === 'holdout' ? 'the examples held out' : 'the examples that were not held out';
  return `${which} to train the model (holdout ${holdout} of ${formatCount(length)})`;
}
