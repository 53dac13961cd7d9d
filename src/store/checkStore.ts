import { dataError } from '../core/errors.ts';
import type { StoreManifest } from './manifest.ts';
import type { LossStore } from './readStore.ts';

type LabelOptions = Pick<StoreManifest['data'], 'noise' | 'dataSeed' | 'labels'>;

/** What losses are wanted for. */
export interface StoreExpectation {
  readonly data: { readonly name: string; readonly fingerprint: string } & Partial<LabelOptions>;
  /** Fingerprint of the one model whose losses they must be; left out where any model will do. */
  readonly model?: string;
}

/** Refuses a store that was made for other data or, where one is named, by another model. */
export function checkStore(store: Pick<LossStore, 'folder' | 'manifest'>, expected: StoreExpectation): void {
  const { data, models } = store.manifest;
  const refuse = (reason: string): Error => dataError(`Cannot use loss store "${store.folder}": ${reason}`);

  if (data.fingerprint !== expected.data.fingerprint)
    throw refuse(
      `it was made for data ${short(data.fingerprint)} ("${data.name}" with ${optionsOf(data)}), this is data ${short(expected.data.fingerprint)} ("${expected.data.name}"${expected.data.noise === undefined ? '' : ` with ${optionsOf({ dataSeed: 0, labels: null, ...expected.data, noise: expected.data.noise })}`}); ` +
        'give the options it was made with, or run "rho score" on this data',
    );
  const found = models.map(({ fingerprint }) => fingerprint);
  if (expected.model !== undefined && found.join() !== expected.model)
    throw refuse(
      `it holds the losses of model ${found.map(short).join(', ')}, this is model ${short(expected.model)}; ` +
        'run "rho score" with this model',
    );
}

/** The options that decide a fingerprint, as they would be given. */
function optionsOf({ noise, dataSeed, labels }: LabelOptions): string {
  return `--noise ${noise} --data-seed ${dataSeed}${labels === null ? '' : ` --labels ${labels}`}`;
}

function short(fingerprint: string): string {
  return fingerprint.slice(0, 8);
}
