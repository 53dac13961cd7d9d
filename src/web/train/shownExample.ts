import type { Dataset } from '../../data/dataset.ts';
import { exampleImageUrl } from '../../jobs/exampleImage.ts';

/** An example as the page shows it. */
export interface ShownExample {
  readonly id: number;
  /** What it is trained on: the name of a class, or its number. */
  readonly label: string;
  /** Null where the truth is not known. */
  readonly trueLabel: string | null;
  /** A `data:` address; null where the data are no images. */
  readonly image: string | null;
  readonly text: string | null;
}

/** Longer texts are cut: the page shows dozens beside each other. */
const mostLetters = 120;

/** An example as people look at it. */
export async function shownExample(data: Dataset, id: number): Promise<ShownExample> {
  const nameOf = (label: number) => data.classNames?.[label] ?? String(label);
  const { trueLabels } = data;
  const text = data.textOf?.(id) ?? null;
  return {
    id,
    label: nameOf(data.labels[id]!),
    trueLabel: trueLabels === undefined ? null : nameOf(trueLabels[id]!),
    image: await exampleImageUrl(data, id),
    text: text !== null && text.length > mostLetters ? `${text.slice(0, mostLetters)}…` : text,
  };
}
