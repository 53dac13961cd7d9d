import { dataError } from '../core/errors.ts';
import { canonicalJson } from './canonicalJson.ts';
import type { StoreDescription, StoreManifest } from './manifest.ts';

/** What decides a loss or which ids are scored, in words that a user knows. */
export type Ways = Readonly<Record<string, string>>;

/** How the losses of a store came about; of a finished one as of one on its way. */
export function waysOf(store: StoreDescription | StoreManifest): Ways {
  const { data, preprocessing, scoring, part, span } = store;
  const { split, holdout, dataSeed } = data;
  const models = 'model' in store ? [store.model] : store.models;
  return {
    data: data.fingerprint,
    model: models.map(({ fingerprint }) => fingerprint).join(' '),
    input: data.inputs,
    decoder: String(data.decoder),
    preprocessing: canonicalJson(preprocessing),
    split: split === 'all' ? split : `${split} of --holdout ${holdout} --data-seed ${dataSeed}`,
    device: scoring.device,
    precision: scoring.precision,
    mode: scoring.mode,
    logits: String(scoring.logits),
    layout: scoring.layout,
    'span of a shard': String(span),
    part: part === null ? 'the whole' : `${part.index}/${part.of}`,
  };
}

/** The first way in which two differ, with the two values as a sentence can show them; null where there is none. */
export function differenceOf(before: Ways, now: Ways): { what: string; before: string; now: string } | null {
  const show = (value = '') => (/^[0-9a-f]{64}$/.test(value) ? value.slice(0, 8) : value);
  const what = Object.keys(now).find((key) => before[key] !== now[key]);
  return what === undefined ? null : { what, before: show(before[what]), now: show(now[what]) };
}

/**
 * Refuses to mix the losses that are in `folder` with those of `now` where they came about in another way. Data that have grown
 * since are those with a beginning whose fingerprint is one of `earlier`.
 */
export function checkSameScoring(
  folder: string,
  found: StoreDescription | StoreManifest,
  now: StoreDescription,
  earlier: ReadonlySet<string>,
): void {
  const isBeginning = earlier.has(found.data.fingerprint);
  const difference = differenceOf(waysOf(found), {
    ...waysOf(now),
    ...(isBeginning && { data: found.data.fingerprint }),
  });
  if (difference === null) return;
  const { what, before, now: after } = difference;
  const mayHaveGrown = what === 'data' && now.data.length > found.data.length && earlier.size === 0;
  throw dataError(
    `Cannot write into loss store "${folder}": its ${what} was ${before}, now it is ${after}; ` +
      (mayHaveGrown
        ? 'if the data have grown since, pass --append, else name a new folder'
        : `${what === 'data' && earlier.size > 0 ? `its ${found.data.length} examples are not the first of these any more, in order and labels, as --append needs; ` : ''}name a new folder`),
  );
}
