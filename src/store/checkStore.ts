import { dataError } from '../core/errors.ts';
import type { StoreManifest, StorePreprocessing } from './manifest.ts';
import type { LossStore } from './readStore.ts';

/** What losses are wanted for. */
export interface StoreExpectation {
  readonly data: { readonly name: string; readonly fingerprint: string };
  readonly preprocessing: StorePreprocessing;
  /** Fingerprint of the one model whose losses they must be; left out where any model will do. */
  readonly model?: string;
}

/** Refuses a store that was made for other data, another preprocessing or, where one is named, by another model. */
export function checkStore(store: Pick<LossStore, 'folder' | 'manifest'>, expected: StoreExpectation): void {
  const { data, models, preprocessing } = store.manifest;
  const refuse = (reason: string): Error => dataError(`Cannot use loss store "${store.folder}": ${reason}`);

  if (data.fingerprint !== expected.data.fingerprint)
    throw refuse(
      `it was made for data ${short(data.fingerprint)} ("${data.name}" with ${optionsOf(data)}), this is data ${short(expected.data.fingerprint)} ("${expected.data.name}"); ` +
        'give the options it was made with, or run "rho score" on this data',
    );
  if (canonical(preprocessing) !== canonical(expected.preprocessing))
    throw refuse(
      `it was made with the preprocessing ${canonical(preprocessing)}, this data has ` +
        `${canonical(expected.preprocessing)}; run "rho score" again`,
    );
  const found = models.map(({ fingerprint }) => fingerprint);
  if (expected.model !== undefined && found.join() !== expected.model)
    throw refuse(
      `it holds the losses of model ${found.map(short).join(', ')}, this is model ${short(expected.model)}; ` +
        'run "rho score" with this model',
    );
}

/** The options that decide a fingerprint, as they would be given. */
function optionsOf({ noise, dataSeed, labels, vocab, tokens, decoder }: StoreManifest['data']): string {
  const given = Object.entries({ labels, vocab, tokens }).filter(([, value]) => value !== null);
  const flags = [`--noise ${noise} --data-seed ${dataSeed}`, ...given.map(([name, value]) => `--${name} ${value}`)];
  return `${flags.join(' ')}${decoder === null ? '' : `, decoded by ${decoder}`}`;
}

function short(fingerprint: string): string {
  return fingerprint.slice(0, 8);
}

/** JSON that does not depend on the order of keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
