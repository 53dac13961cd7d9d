/** A share over the whole run and over windows of steps such as "1-50". */
export interface WindowedShare {
  readonly overall: number | null;
  readonly byWindow: Readonly<Record<string, number | null>>;
}

/** A figure per seed and its mean; null where a target was never reached, and then the mean is null too. */
export interface PerSeed {
  readonly mean: number | null;
  readonly perSeed: readonly (number | null)[];
}

/** What `rho compare` says of one strategy; the keys of targets are as typed by the user. */
export interface StrategySummary {
  readonly stepsToTarget: Readonly<Record<string, PerSeed>>;
  readonly secondsToTarget: Readonly<Record<string, PerSeed>>;
  readonly epochsToTarget: Readonly<Record<string, PerSeed>>;
  readonly finalAccuracy: PerSeed & { readonly lastFiveMean: number | null };
  /** Accuracy at the last evaluation within so many seconds of training, as text; absent in reports of before there was this. */
  readonly accuracyAfter?: Readonly<Record<string, PerSeed>>;
  /** Seconds of training, without evaluation, checkpoints and IL. */
  readonly seconds: PerSeed;
  readonly corruptedShare: WindowedShare;
  readonly learntShare: WindowedShare;
}
