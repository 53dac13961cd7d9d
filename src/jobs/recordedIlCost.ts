import { joinPath } from '../runtime/files.ts';
import type { StoreModel } from '../store/manifest.ts';
import { openLossStore } from '../store/readStore.ts';
import { cardPathOf, readCardFor } from './ilCard.ts';

/** What the irreducible losses of a store took, as its manifest and the cards of its IL models say. */
export interface RecordedIlCost {
  /** The IL models, as they were named. */
  readonly model: string;
  /** Null where the card of one of them is not to be found. */
  readonly trainingSeconds: number | null;
  readonly scoringSeconds: number;
}

/** Looks for the card where the model was when it scored, and around the store. */
export async function recordedIlCost(store: string): Promise<RecordedIlCost> {
  const { models, scoring } = (await openLossStore(store)).manifest;
  const seconds = await Promise.all(models.map((model) => trainingSeconds(model, store)));
  const known = seconds.filter((each) => each !== null);
  return {
    model: models.map(({ name, architecture }) => architecture ?? name).join(', '),
    trainingSeconds: known.length < seconds.length ? null : known.reduce((a, b) => a + b, 0),
    scoringSeconds: scoring.seconds,
  };
}

async function trainingSeconds({ name, fingerprint }: StoreModel, store: string): Promise<number | null> {
  const paths = [cardPathOf(name), joinPath(store, '..', 'il.json'), joinPath(store, 'il.json')];
  for (const path of paths) {
    // A file of that name may be anything.
    const card = path === null ? null : await readCardFor(path, fingerprint).catch(() => null);
    if (card !== null) return card.training.seconds;
  }
  return null;
}
