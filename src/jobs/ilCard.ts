import { z } from 'zod';
import type { Augmentation } from '../core/augment.ts';
import { dataError } from '../core/errors.ts';
import type { Preprocessing } from '../core/preprocessing.ts';
import type { Dataset } from '../data/dataset.ts';
import { sha256 } from '../data/hash.ts';
import type { Engine } from '../engine/engine.ts';
import type { OptimizerOptions } from '../onnx/optimizer.ts';
import { exists, readText } from '../runtime/files.ts';
import type { Versions } from '../runtime/host.ts';
import { canonicalJson } from '../store/canonicalJson.ts';
import { type TrainedOn, trainedOnSchema } from '../store/manifest.ts';

export const ilCardVersion = 1;

/** One look at an IL model while it is trained: accuracy and mean loss on the target's training half. */
export interface IlCheck {
  readonly step: number;
  /** Passes over the holdout so far. */
  readonly epoch: number;
  readonly accuracy: number;
  readonly loss: number;
}

/** What lies beside an IL model: which examples it has seen, how it was trained, and how well it does. */
export interface IlCard {
  readonly format: 'rho-loss-il-card';
  readonly version: typeof ilCardVersion;
  readonly created: string;
  readonly model: { readonly architecture: string; readonly parameters: number; readonly sha256: string };
  readonly data: {
    readonly data: string;
    readonly holdout: string;
    readonly noise: string;
    /** These are missing in cards written before there were such options. */
    readonly labels?: string | null;
    readonly vocab?: string | null;
    readonly tokens?: number | null;
    readonly imageSize?: number | null;
    readonly preprocessing?: string | null;
    readonly dataSeed: number;
    readonly fingerprint: string;
    readonly length: number;
    readonly classes: number;
  };
  readonly preprocessing: Preprocessing;
  /** The ids of the holdout. */
  readonly trainedOn: TrainedOn;
  readonly training: {
    readonly seed: number;
    /** Missing in cards written when there was one engine. */
    readonly engine?: Engine;
    readonly batch: number;
    readonly learningRate: number;
    readonly optimizer: OptimizerOptions;
    readonly augment: Augmentation | null;
    /** The block of its blocked operators; null for standard ones. */
    readonly block: number | null;
    readonly epochs: number;
    readonly seconds: number;
  };
  readonly checks: readonly IlCheck[];
  /** The check whose weights were kept. */
  readonly best: IlCheck;
  readonly versions: Versions;
}

/**
 * The card beside the .onnx file at `path`, `il.json` beside `il.onnx`; null where there is none or it is of other bytes. Throws a
 * data error for one that is damaged or of another version.
 */
export async function readIlCard(path: string, bytes: Uint8Array): Promise<IlCard | null> {
  return readIlCardOf(path, await sha256(bytes));
}

/** The same where the SHA-256 (hex) of its bytes is known, though the model itself may be gone. */
export async function readIlCardOf(path: string, fingerprint: string): Promise<IlCard | null> {
  const cardPath = path.replace(/\.onnx$/, '.json');
  if (cardPath === path || !(await exists(cardPath))) return null;
  const card = parseCard(await readText(cardPath), cardPath);
  return card?.model.sha256 === fingerprint ? card : null;
}

/** Throws a data error where an IL model was trained on numbers preprocessed in another way than those it is to score. */
export function requireCardFits(card: IlCard | null, data: Dataset, path: string): void {
  if (card === null) return;
  const [trained, found] = [canonicalJson(card.preprocessing), canonicalJson(data.preprocessing)];
  if (trained !== found)
    throw dataError(
      `Cannot score with the IL model "${path}": its card says that it was trained with the preprocessing ${trained}, these data have ${found}; give the --preprocessing, --vocab and --tokens it was trained with`,
    );
}

/** What is relied on; the rest is for people. */
const cardSchema = z.object({
  format: z.literal('rho-loss-il-card'),
  version: z.literal(ilCardVersion),
  model: z.object({ architecture: z.string(), parameters: z.number(), sha256: z.string() }),
  preprocessing: z.looseObject({ kind: z.string() }),
  trainedOn: trainedOnSchema,
  training: z.object({ epochs: z.number(), seconds: z.number() }),
  best: z.object({ loss: z.number(), accuracy: z.number() }),
});

/** Null for JSON of another kind, which those who made the model may have put beside it. */
function parseCard(text: string, path: string): IlCard | null {
  try {
    const card = JSON.parse(text);
    if (typeof card === 'object' && card?.format !== 'rho-loss-il-card') return null;
    const { success } = cardSchema.safeParse(card);
    if (success) return card;
  } catch {
    // Told below, like a card of another version.
  }
  throw dataError(
    `Cannot read "${path}": it is no card of an IL model in version ${ilCardVersion}, remove it or run "rho il" again`,
  );
}
