import { sha256 } from '../data/hash.ts';
import { formatSeconds } from '../report/format.ts';
import { joinPath, readBytes } from '../runtime/files.ts';
import { manifestName, type StoreManifest, type StoreModel } from '../store/manifest.ts';
import { openLossStore } from '../store/readStore.ts';
import { type IlCard, readIlCardOf } from './ilCard.ts';
import { onlineModel } from './irreducibleSource.ts';

/** Seconds that something took, and the file that says so; null where they were measured here. */
export interface KnownCost {
  readonly seconds: number;
  readonly from: string | null;
}

/** What irreducible losses took to make, once for all runs; what is null is not known. */
export interface IrreducibleCost {
  /** Training the IL model. */
  readonly training: KnownCost | null;
  /** Scoring by it; `online` where every run does that in its own time. */
  readonly scoring: KnownCost | 'online' | null;
}

/** What the losses cost that `--irreducible` names, as the manifest of the store and the card of the IL model have it. */
export async function costOfIrreducible(path: string): Promise<IrreducibleCost> {
  const model = await onlineModel(path);
  if (model !== null)
    return { training: await trainingOf([model], await sha256(await readBytes(model))), scoring: 'online' };
  const { manifest } = await openLossStore(path);
  const trainings = await Promise.all(manifest.models.map((each) => trainingOfStored(each, path)));
  return { training: sumOf(trainings), scoring: scoringOf(manifest, path) };
}

/** All of it; null where a part is not known. */
export function secondsOf({ training, scoring }: IrreducibleCost): number | null {
  if (training === null || scoring === null) return null;
  return training.seconds + (scoring === 'online' ? 0 : scoring.seconds);
}

/** "1.87 s of training the IL model, from il/il.json, 0.72 s of scoring by it, from store/manifest.json", or what is missing. */
export function costInWords({ training, scoring }: IrreducibleCost): string {
  const told = ({ seconds, from }: KnownCost, what: string): string =>
    `${formatSeconds(seconds)} of ${what}${from === null ? '' : `, from ${from}`}`;
  if (training === null) {
    if (scoring === null) return 'they were made elsewhere';
    const rest = scoring === 'online' ? '' : `; ${told(scoring, 'scoring')}`;
    return `no il.json of their IL model was found, which says how long that was trained${rest}`;
  }
  const scored =
    scoring === 'online'
      ? 'scoring by it is in the time of every step'
      : scoring === null
        ? 'scoring by it was not measured'
        : told(scoring, 'scoring by it');
  return `${told(training, 'training the IL model')}, ${scored}`;
}

/** Losses that were given as such were scored by nothing here. */
function scoringOf({ scoring }: StoreManifest, folder: string): KnownCost | null {
  return scoring.device === 'none' ? null : { seconds: scoring.seconds, from: joinPath(folder, manifestName) };
}

/** The card lies where the model was when it scored, or beside the store, where runs have it. */
function trainingOfStored({ name, fingerprint }: StoreModel, folder: string): Promise<KnownCost | null> {
  const beside = joinPath(folder, '..');
  const file = name.split(/[\\/]/).at(-1)!;
  return trainingOf([name, joinPath(beside, file), joinPath(beside, 'il.onnx')], fingerprint);
}

async function trainingOf(models: readonly string[], fingerprint: string): Promise<KnownCost | null> {
  for (const model of models) {
    // A card that cannot be read says nothing of the cost, and the run is over by now.
    const card: IlCard | null = await readIlCardOf(model, fingerprint).catch(() => null);
    if (card !== null) return { seconds: card.training.seconds, from: model.replace(/\.onnx$/, '.json') };
  }
  return null;
}

function sumOf(costs: readonly (KnownCost | null)[]): KnownCost | null {
  const known = costs.filter((cost) => cost !== null);
  if (known.length < costs.length) return null;
  return {
    seconds: known.reduce((sum, { seconds }) => sum + seconds, 0),
    from: [...new Set(known.map(({ from }) => from))].join(', '),
  };
}
