import type { StoreManifest } from './manifest.ts';

/** What looks wrong about the losses of a store as a whole, a sentence each: it may be as it says, but rarely is. */
export function doubtsAbout({ data, statistics, count }: StoreManifest): readonly string[] {
  const { meanLoss, accuracy, nan } = statistics;
  const guessing = Math.log(data.classes);
  const doubts: string[] = [];
  if (meanLoss !== null && meanLoss >= guessing)
    doubts.push(
      `Mean loss ${meanLoss.toFixed(2)} is no better than guessing (ln ${data.classes} = ${guessing.toFixed(2)}): check --preprocessing, --logits and the order of labels`,
    );
  else if (accuracy !== null && accuracy <= 1.1 / data.classes)
    doubts.push(
      `Accuracy ${accuracy.toFixed(3)} is that of guessing among ${data.classes} classes: check the IL model and the order of labels`,
    );
  if (count > 0 && nan === count) doubts.push('No loss is a number: check the data and --preprocessing');
  return doubts;
}
