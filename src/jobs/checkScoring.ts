import { usageError } from '../core/errors.ts';
import { type StrategyName, strategyNames, strategyOf } from '../core/selection.ts';
import type { DeviceOptions } from '../engine/engine.ts';
import type { EngineOptions } from '../engine/open.ts';
import { exactScoring } from './exactScoring.ts';
import { flagsOf } from './flagsOf.ts';
import { type CandidateScoringOptions, scorerIsBeside, scoresAhead } from './scoringForm.ts';
import { scorerThreads } from './threadBudget.ts';

/** What has to fit together. */
export interface CheckedScoring extends CandidateScoringOptions, DeviceOptions, EngineOptions {
  readonly batchNorm: string;
  readonly bigBatch: number;
  readonly smallBatch: number;
}

type ScoringKey = keyof CandidateScoringOptions;

/**
 * Throws a usage error where options of scoring do not go together, or where one that is asked for changes nothing for any of
 * `strategies`; `online` says whether irreducible losses are scored in the run.
 */
export function checkScoring(options: CheckedScoring, strategies: readonly StrategyName[], online: boolean): void {
  checkUsed(options, strategies, online);
  checkSizes(options);
  checkThreads(options, strategies, online);
  const { reuse, scoreEngine } = options;
  checkDevice(options);
  const normed = strategies.find((name) => strategyOf(name).needsGradientNorm);
  if (reuse !== null && normed !== undefined)
    throw usageError(
      `Cannot use --reuse with --strategy ${normed}: losses are kept from pass to pass, gradient norms are not; leave one of them away`,
    );
  checkAverages(options);
  if (scorerIsBeside(options) && scoreEngine === 'same')
    throw usageError(
      'Cannot score with --score-engine same beside the trainer: ONNX Runtime does that, leave --score-engine away',
    );
}

/** Those that choose by training losses; the lowest irreducible loss does without, although losses are recorded. */
export function choosesByTraining(name: StrategyName): boolean {
  return strategyOf(name).score !== null && name !== 'il';
}

/** The flags that were given, of those named: what has its default was not asked for. */
function given(options: CheckedScoring, keys: readonly ScoringKey[]): string {
  return flagsOf(
    Object.fromEntries(keys.filter((key) => options[key] !== exactScoring[key]).map((key) => [key, options[key]])),
  );
}

function checkUsed(options: CheckedScoring, strategies: readonly StrategyName[], online: boolean): void {
  const scoresOnline = online && strategies.some((name) => strategyOf(name).needsIrreducibleLoss);
  const ofBoth: readonly ScoringKey[] = ['scoreThreads', 'scoreDevice'];
  const ofTraining = (Object.keys(exactScoring) as ScoringKey[]).filter((key) => !ofBoth.includes(key));
  const unused = given(options, scoresOnline ? ofTraining : [...ofTraining, ...ofBoth]);
  if (unused !== '' && !strategies.some(choosesByTraining))
    throw usageError(
      `Cannot use ${unused} with --strategy ${strategies}: it decides how training losses of candidates are had, and only ${strategyNames.filter(choosesByTraining).join(', ')} choose by those; leave it away`,
    );
  const { reuse, reuseEpochs, scoring, shortlist } = options;
  if (reuse === null && reuseEpochs !== exactScoring.reuseEpochs)
    throw usageError(
      `Cannot use --reuse-epochs ${reuseEpochs} without --reuse: it says after how many passes a loss is not reused; pass --reuse as well, or leave it away`,
    );
  if (shortlist !== null && scoring === 'exact' && reuse === null && !scoresAhead(options))
    throw usageError(
      'Cannot use --shortlist where all candidates are scored exactly: pass --staleness or --scoring as well, or leave it away',
    );
}

/** A shortlist that does: twice the small batch, or what lies between both batches; null where nothing does. */
export function usualShortlist({
  bigBatch,
  smallBatch,
}: Pick<CheckedScoring, 'bigBatch' | 'smallBatch'>): number | null {
  const usual = Math.min(2 * smallBatch, Math.floor((smallBatch + bigBatch) / 2));
  return usual > smallBatch ? usual : null;
}

function checkSizes({ shortlist, reuse, bigBatch, smallBatch }: CheckedScoring): void {
  const usual = usualShortlist({ bigBatch, smallBatch });
  if (shortlist !== null && (shortlist <= smallBatch || shortlist >= bigBatch))
    throw usageError(
      `Cannot choose ${smallBatch} of ${bigBatch} candidates by a shortlist of ${shortlist}: it has to be larger than the small batch and smaller than the big one; ${usual === null ? 'leave it away' : `pass --shortlist ${usual}, or leave it away`}`,
    );
  if (reuse !== null && (reuse < smallBatch || reuse >= bigBatch))
    throw usageError(
      `Cannot score ${reuse} of ${bigBatch} candidates to choose ${smallBatch}: pass --reuse from ${smallBatch} to ${bigBatch - 1}, or leave it away to score all`,
    );
}

function checkThreads(options: CheckedScoring, strategies: readonly StrategyName[], online: boolean): void {
  const { threads, scoreThreads } = options;
  if (scoreThreads === null) return;
  const shared = strategies.map((name) => scorerThreads(options, name, online)).filter((each) => each !== null);
  if (shared.length === 0)
    throw usageError(
      `Cannot use --score-threads ${scoreThreads} where nothing scores beside the trainer: pass --staleness, --score-device or an IL model with --irreducible FILE.onnx as well, or leave it away`,
    );
  const { scorers, besideTraining, most } = shared.reduce((a, b) => (b.most < a.most ? b : a));
  if (scoreThreads <= most) return;
  const asked = `${scorers > 1 ? `${scorers} times ` : ''}${scoreThreads} of ${threads} threads`;
  const wanted =
    most > 0
      ? `--score-threads up to ${most}, or more --threads`
      : `--threads from ${scorers + Number(besideTraining)} up, or leave --score-threads away`;
  throw usageError(`Cannot score with ${asked}${besideTraining ? ' and train at the same time' : ''}: pass ${wanted}`);
}

function checkDevice({ scoring, scoreDevice, device }: CheckedScoring): void {
  const where = scoreDevice ?? device;
  if (scoring === 'int8' && where !== 'cpu')
    throw usageError(
      `Cannot score candidates in int8 on the device "${where}": products in 8 bits run on the CPU; pass --score-device cpu, or --scoring exact`,
    );
}

/** Running averages are taken from all candidates of a step, by the trainer and in full precision. */
function checkAverages(options: CheckedScoring): void {
  if (options.batchNorm !== 'candidates') return;
  const flags = given(options, ['staleness', 'refresh', 'scoring', 'reuse', 'scoreDevice']);
  if (flags === '') return;
  const how = scorerIsBeside(options) ? 'scored beside the trainer' : 'not all scored in full';
  throw usageError(
    `Cannot take running averages from candidates that are ${how}: pass --batch-norm steps, or leave ${flags} away`,
  );
}
