import { dataError } from '../core/errors.ts';
import { canonicalJson } from './canonicalJson.ts';
import type { StoreDescription } from './manifest.ts';

/** What a store says of how its losses came about. */
type Scoring = Omit<StoreDescription, 'model' | 'created' | 'writtenBy'> & {
  readonly model: { readonly fingerprint: string };
};

/**
 * Refuses to mix the losses that are in `folder` with those of `now` where they came about in another way, which one sentence
 * says. Data that have grown since are those whose beginning has the fingerprint `earlier`.
 */
export function checkSameScoring(folder: string, found: Scoring, now: Scoring, earlier: string | null): void {
  const [before, after] = [waysOf(found), waysOf(now)];
  for (const [what, way] of Object.entries(after)) {
    const was = before[what as keyof typeof before];
    if (way === was || (what === 'data' && was === earlier)) continue;
    const show = (value: string) => (/^[0-9a-f]{64}$/.test(value) ? value.slice(0, 8) : value);
    const grown = what === 'data' && now.data.length > found.data.length && earlier === null;
    throw dataError(
      `Cannot write into loss store "${folder}": its ${what} was ${show(was)}, now it is ${show(way)}; ` +
        (grown ? 'if the data have grown since, pass --append, else name a new folder' : 'name a new folder'),
    );
  }
}

/** What decides a loss or which ids are scored, in words that a user knows. */
function waysOf({ data, model, preprocessing, scoring, part, span }: Scoring) {
  const { split, holdout, dataSeed } = data;
  return {
    data: data.fingerprint,
    model: model.fingerprint,
    input: data.inputs,
    decoder: String(data.decoder),
    preprocessing: canonicalJson(preprocessing),
    split: split === 'all' ? split : `${split} of --holdout ${holdout} --data-seed ${dataSeed}`,
    part: part === null ? 'the whole' : `${part.index}/${part.of}`,
    device: scoring.device,
    precision: scoring.precision,
    mode: scoring.mode,
    'span of a shard': String(span),
  };
}
