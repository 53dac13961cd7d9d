import { z } from 'zod';
import { dataError } from '../core/errors.ts';
import type { PackedIds } from './idSet.ts';
import type { LossStatistics } from './lossTable.ts';
import type { StorePart } from './planShards.ts';

/** The file of a store that is there when it is whole. */
export const manifestName = 'manifest.json';

/** What a model was trained on, so that a leak into its losses is found. */
export interface TrainedOn {
  /** Fingerprint of the data set, labels included. */
  readonly dataFingerprint: string;
  /** Hash of its stored examples without labels: an example stays the same one where its label was changed. */
  readonly contentHash: string;
  readonly ids: PackedIds;
}

/** A model whose losses a store holds. */
export interface StoreModel {
  /** As the user named it. */
  readonly name: string;
  /** SHA-256 (hex) of the .onnx file. */
  readonly fingerprint: string;
  /** The built-in architecture, for instance `mlp:64`; null for a foreign model. */
  readonly architecture: string | null;
  /** Null where that is not known. */
  readonly trainedOn: TrainedOn | null;
}

/** How stored numbers became the model's input: a kind and whatever else that kind needs. */
export interface StorePreprocessing {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** One Parquet file of a store. */
export interface StoreShard {
  readonly file: string;
  /** Position in `models` of the model whose losses these are. */
  readonly model: number;
  readonly rows: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly bytes: number;
  /** SHA-256 (hex) of the file. */
  readonly sha256: string;
  /** Where in the file the values of a column begin; `rows` of them lie there one after the other, little endian. */
  readonly offsets: Readonly<Record<NumberColumn, number>>;
}

/** Columns of a shard whose values take four bytes each. */
export const numberColumns = ['id', 'loss', 'label', 'predicted', 'margin'] as const;
export type NumberColumn = (typeof numberColumns)[number];

/** How losses of a reduced precision rank the examples beside those of fp32, on a sample. */
export interface RankAgreement {
  /** Examples compared. */
  readonly sample: number;
  /** Spearman's rank correlation; null where one side does not vary. */
  readonly spearman: number | null;
  /** Share of the tenth with the highest loss that both have in common. */
  readonly topTenth: number;
}

/** What is known of a store before a loss is computed. */
export interface StoreDescription {
  /** When its making began: ISO 8601, UTC. */
  readonly created: string;
  readonly writtenBy: { readonly rhoLoss: string; readonly onnxruntime: string; readonly runtime: string };
  readonly data: {
    readonly name: string;
    readonly fingerprint: string;
    readonly contentHash: string;
    /** Examples of the whole data set. */
    readonly length: number;
    readonly classes: number;
    /** The rule given to --noise. */
    readonly noise: string;
    /** What was given to --labels, --vocab, --tokens and --image-size; null where nothing was. */
    readonly labels: string | null;
    readonly vocab: string | null;
    readonly tokens: number | null;
    readonly imageSize: number | null;
    /** Type and sizes of the inputs as stored, such as `uint8[1,28,28]`. */
    readonly inputs: string;
    /** What made numbers of stored bytes; null where nothing had to. */
    readonly decoder: string | null;
    /** The rule given to --holdout. */
    readonly holdout: string;
    readonly dataSeed: number;
    readonly split: 'target' | 'holdout' | 'all';
  };
  readonly model: StoreModel;
  readonly preprocessing: StorePreprocessing;
  readonly scoring: {
    /** ONNX Runtime's execution provider; `none` where the losses come from elsewhere. */
    readonly device: string;
    /** `fp32`, or another one such as `int8`. */
    readonly precision: string;
    readonly mode: 'eval' | 'train';
  };
  /** Which part of the split this store holds; null where it holds the whole split. */
  readonly part: StorePart | null;
  /** A shard holds examples of one stretch of so many ids. */
  readonly span: number;
}

/** What is known of scoring when it is over. */
export interface ScoringOutcome {
  /** Null where the precision is fp32. */
  readonly agreement: RankAgreement | null;
  /** Wall-clock. */
  readonly seconds: number;
}

/** The manifest.json of a loss store, version 1. docs/formats.md describes every field. */
export interface StoreManifest extends Omit<StoreDescription, 'model' | 'scoring'> {
  readonly format: 'rho-loss-store';
  readonly version: 1;
  /** One, or several that each scored what the others were trained on. */
  readonly models: readonly StoreModel[];
  readonly scoring: StoreDescription['scoring'] & ScoringOutcome;
  /** Rows of all shards. */
  readonly count: number;
  readonly statistics: LossStatistics;
  readonly shards: readonly StoreShard[];
}

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits');
const natural = z.int().min(0);
const positive = z.int().min(1);
const text = z.string().min(1);

const packedIds: z.ZodType<PackedIds> = z.object({ length: natural, count: natural, bits: z.base64() });

/** Checks what a card or a manifest says a model was trained on. */
export const trainedOnSchema: z.ZodType<TrainedOn> = z.object({
  dataFingerprint: hash,
  contentHash: hash,
  ids: packedIds,
});

/** Checks what a manifest or a journal says of a shard. */
export const shardSchema: z.ZodType<StoreShard> = z.object({
  // A bare name: a manifest must not lead the reader out of its folder.
  file: z.string().regex(/^shard-\d{5,}(-\d+)?\.parquet$/, 'expected a name such as shard-00000.parquet'),
  model: natural,
  rows: positive,
  firstId: natural,
  lastId: natural,
  bytes: positive,
  sha256: hash,
  offsets: z.record(z.enum(numberColumns), natural),
});

const modelSchema: z.ZodType<StoreModel> = z.object({
  name: text,
  fingerprint: hash,
  architecture: text.nullable(),
  trainedOn: trainedOnSchema.nullable(),
});

const scoringSchema = z.object({
  device: text,
  precision: text,
  mode: z.enum(['eval', 'train']),
});

/** What description and manifest have in common. */
const common = {
  created: z.iso.datetime(),
  writtenBy: z.object({ rhoLoss: text, onnxruntime: text, runtime: text }),
  data: z.object({
    name: text,
    fingerprint: hash,
    contentHash: hash,
    length: natural,
    classes: positive,
    noise: text,
    labels: text.nullable(),
    vocab: text.nullable(),
    tokens: positive.nullable(),
    imageSize: positive.nullable(),
    inputs: text,
    decoder: text.nullable(),
    holdout: text,
    dataSeed: z.int(),
    split: z.enum(['target', 'holdout', 'all']),
  }),
  preprocessing: z.looseObject({ kind: text }),
  part: z
    .object({ index: positive, of: positive })
    .refine(({ index, of }) => index <= of, 'expected an index from 1 to "of"')
    .nullable(),
  span: positive,
};

/** Checks what the journal of a store says of it. */
export const descriptionSchema: z.ZodType<StoreDescription> = z.object({
  ...common,
  model: modelSchema,
  scoring: scoringSchema,
});

const manifestSchema: z.ZodType<StoreManifest> = z.object({
  format: z.literal('rho-loss-store'),
  version: z.literal(1),
  ...common,
  models: z.array(modelSchema).min(1).max(255),
  scoring: scoringSchema.extend({
    agreement: z
      .object({ sample: positive, spearman: z.number().nullable(), topTenth: z.number().min(0).max(1) })
      .nullable(),
    seconds: z.number().min(0),
  }),
  count: natural,
  statistics: z.object({
    meanLoss: z.number().nullable(),
    accuracy: z.number().nullable(),
    nan: natural,
    infinite: natural,
  }),
  shards: z.array(shardSchema),
});

/** Reads the text of the manifest of the store `folder`; anything but a valid version 1 is a data error. */
export function parseManifest(json: string, folder: string): StoreManifest {
  const refuse = (reason: string, next = 'run "rho score" again'): Error =>
    dataError(`Cannot read loss store "${folder}": ${reason}; ${next}`);

  const value = parseJson(json);
  if (value === undefined) throw refuse('its manifest.json is not JSON');
  if (value === null || typeof value !== 'object' || !('format' in value) || value.format !== 'rho-loss-store')
    throw refuse('its manifest.json is not that of a loss store (its format is not "rho-loss-store")');
  if (!('version' in value) || value.version !== 1)
    throw refuse(
      `it has version ${JSON.stringify('version' in value ? value.version : null)}, this program reads version 1`,
      'install the version of rho-loss that wrote it, or run "rho score" again',
    );

  const { data: manifest, error } = manifestSchema.safeParse(value);
  if (!manifest) {
    const { path, message } = error.issues[0]!;
    throw refuse(`"${path.join('.')}" in its manifest.json is wrong (${message})`);
  }
  const rows = manifest.shards.reduce((sum, shard) => sum + shard.rows, 0);
  if (rows !== manifest.count) throw refuse(`its shards have ${rows} rows, its manifest.json counts ${manifest.count}`);
  for (const { file, model } of manifest.shards)
    if (model >= manifest.models.length) throw refuse(`its shard ${file} names model ${model}, which is not there`);
  return manifest;
}

/** Undefined for what is not JSON. */
function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
