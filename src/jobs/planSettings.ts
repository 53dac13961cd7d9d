import { usualShortlist } from './checkScoring.ts';
import type { CandidateScoringOptions } from './scoringForm.ts';

/** Options that a plan decides, as `rho train` takes them; one left out keeps its default. */
export type PlannedOptions = Partial<
  Pick<CandidateScoringOptions, 'scoring' | 'reuse' | 'staleness' | 'shortlist' | 'scoreThreads'>
> & { readonly threads: number };

/**
 * What kind of setting it is: `uniform` is the unit, `exact` scores all candidates exactly, `cheap` in a cheaper form, `reuse` takes
 * earlier losses, `shortlist` scores with weights of the step before and then a shortlist exactly, `online` has
 * irreducible losses scored in the run.
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
}

/** Settings that are built on the best of those before them. */
export type Stage = (best: PlanSetting) => readonly PlanSetting[];

/** The unit, and what every setting has to be cheaper than. */
export function basicSettings({ threads }: SettingsFrom): Readonly<Record<'uniform' | 'exact', PlanSetting>> {
  const setting = <Kind extends 'uniform' | 'exact'>(kind: Kind) => ({ name: kind, kind, options: { threads } });
  return { uniform: setting('uniform'), exact: setting('exact') };
}

/**
 * What is tried one after the other: 8 bits, reuse of losses, scoring beside training by splits of the threads, and fewer threads.
 * Staleness without a shortlist is never among them: it selects nearly the same points in two steps running, and loses most of what
 * selection gains.
 */
export function planStages({ threads, bigBatch, smallBatch }: SettingsFrom): readonly Stage[] {
  const half = Math.floor(threads / 2);
  const reuse = Math.max(smallBatch, Math.floor(bigBatch / 2));
  const shortlist = usualShortlist({ bigBatch, smallBatch });
  const splits = threads < 2 ? [] : [...new Set([half, 1])];
  const on = (best: PlanSetting, name: string, kind: SettingKind, more: Partial<PlannedOptions>): PlanSetting => ({
    name: best.kind === 'exact' && kind !== 'exact' ? name : `${best.name}, ${name}`,
    kind,
    options: { ...best.options, ...more },
  });
  const stale = { staleness: 1, shortlist, threads };
  return [
    (best) => [on(best, 'int8', 'cheap', { scoring: 'int8' })],
    (best) => (reuse < bigBatch ? [on(best, `reuse of ${bigBatch - reuse}`, 'reuse', { reuse })] : []),
    (best) =>
      (shortlist === null ? [] : splits).map((beside) =>
        on(best, `stale shortlist, ${threads - beside} + ${beside} threads`, 'shortlist', {
          ...stale,
          scoreThreads: beside,
        }),
      ),
    (best) =>
      half === 0 || best.kind === 'shortlist'
        ? []
        : [on(best, half === 1 ? '1 thread' : `${half} threads`, best.kind, { threads: half })],
  ];
}

/** A setting whose irreducible losses are scored in the run. */
export function onlineSetting({ name, options }: PlanSetting): PlanSetting {
  return { name: `${name}, IL online`, kind: 'online', options };
}
