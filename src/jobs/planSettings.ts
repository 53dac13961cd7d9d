import type { CandidateScoringOptions } from './scoringForm.ts';

/** Options that a plan decides, as `rho train` takes them; one left out keeps its default. */
export type PlannedOptions = Partial<
  Pick<CandidateScoringOptions, 'scoring' | 'reuse' | 'staleness' | 'shortlist' | 'scoreThreads'>
> & { readonly threads: number };

/**
 * What kind of setting it is, which decides whether it may be recommended: `uniform` is the unit, `cheap` scores with current
 * weights in a cheaper form, `reuse` takes earlier losses, `shortlist` scores with weights of the step before and
 * then a shortlist exactly, `online` has irreducible losses scored in the run.
 */
export type SettingKind = 'uniform' | 'exact' | 'cheap' | 'reuse' | 'shortlist' | 'online';

/** A way to run that is measured. */
export interface PlanSetting {
  readonly name: string;
  readonly kind: SettingKind;
  readonly options: PlannedOptions;
}

/** What settings follow from. */
export interface SettingsFrom {
  readonly threads: number;
  readonly bigBatch: number;
  readonly smallBatch: number;
  /** Whether there is an IL model that could score online. */
  readonly online: boolean;
}

/**
 * The settings that are measured. Staleness without a shortlist is never among them: it selects nearly the same points in two
 * steps running, and loses most of what selection gains.
 */
export function planSettings({ threads, bigBatch, smallBatch, online }: SettingsFrom): readonly PlanSetting[] {
  const shortlist = Math.min(2 * smallBatch, bigBatch);
  const reuse = Math.max(smallBatch, Math.floor(bigBatch / 2));
  const splits = threadSplits(threads);
  const stale = (scoring: 'exact' | 'int8'): PlanSetting[] =>
    splits.map(([training, beside]) => ({
      name: `${scoring === 'int8' ? 'int8, ' : ''}stale shortlist, ${training} + ${beside} threads`,
      kind: 'shortlist',
      options: {
        ...(scoring === 'int8' && { scoring }),
        ...{ staleness: 1, shortlist, threads: training + beside, scoreThreads: beside },
      },
    }));
  return [
    { name: 'uniform', kind: 'uniform', options: { threads } },
    { name: 'exact', kind: 'exact', options: { threads } },
    { name: 'int8', kind: 'cheap', options: { scoring: 'int8', threads } },
    { name: 'int8, shortlist', kind: 'cheap', options: { scoring: 'int8', shortlist, threads } },
    { name: `reuse of ${bigBatch - reuse}`, kind: 'reuse', options: { reuse, threads } },
    ...stale('exact'),
    ...stale('int8'),
    ...(online ? onlineSettings(threads, shortlist) : []),
  ];
}

/** Threads that train and that score: all but one, half, and one that scores more than there are. */
function threadSplits(threads: number): readonly (readonly [number, number])[] {
  const half = Math.floor(threads / 2);
  const splits = new Map<string, readonly [number, number]>();
  for (const split of [[threads - 1, 1] as const, [threads - half, half] as const, [threads, 1] as const])
    if (split[0] > 0 && split[1] > 0) splits.set(split.join(), split);
  return [...splits.values()];
}

function onlineSettings(threads: number, shortlist: number): readonly PlanSetting[] {
  return [
    { name: `online, ${threads} threads`, kind: 'online', options: { threads } },
    { name: `online, ${threads + 1} threads`, kind: 'online', options: { threads: threads + 1 } },
    {
      name: `online, stale shortlist, ${threads} + 1 + 1 threads`,
      kind: 'online',
      options: { staleness: 1, shortlist, threads: threads + 2, scoreThreads: 1 },
    },
  ];
}

/** Planned options as words of a command line. */
export function flagsOf(options: object): string {
  return Object.entries(options)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${value}`)
    .join(' ');
}
