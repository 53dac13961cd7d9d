import { dataError } from '../core/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../core/safetensors.ts';
import type { Tensor } from '../core/tensor.ts';
import type { TrainerState } from '../engine/engine.ts';
import { exists, joinPath, listFolder, makeFolder, readBytes, removePath, writeFileAtomic } from '../runtime/files.ts';
import type { CandidateScores, KnownState } from './knownLosses.ts';
import type { LossesAhead } from './scoredAhead.ts';

/** All that a run needs to go on bit for bit. */
export interface Checkpoint {
  readonly state: TrainerState;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** Losses of candidates of later steps. */
  readonly ahead: LossesAhead;
  /** Losses to reuse; null where none are. */
  readonly known: KnownState | null;
  /** Length of the event file when the checkpoint was written: what stands behind it is cut off on resume. */
  readonly eventBytes: number;
}

/** Version 1 is the same without what is not of the trainer. */
const version = '2';
const readable = ['1', version];
const kept = 2;

/** Writes a checkpoint into `folder` as one safetensors file and removes all but the newest two. */
export async function writeCheckpoint(
  folder: string,
  { state, seconds, ahead, known, eventBytes }: Checkpoint,
): Promise<void> {
  const block = state.block === undefined ? {} : { block: `${state.block}` };
  const metadata = { version, step: `${state.step}`, seconds: `${seconds}`, eventBytes: `${eventBytes}`, ...block };
  await makeFolder(folder);
  await writeFileAtomic(
    joinPath(folder, `step-${String(state.step).padStart(9, '0')}.safetensors`),
    encodeSafetensors({ metadata, tensors: { ...state.tensors, ...tensorsOf(ahead), ...knownTensors(known) } }),
  );
  for (const old of (await checkpointFiles(folder)).slice(0, -kept)) await removePath(joinPath(folder, old));
}

/**
 * The newest checkpoint in `folder`, or the one before where that is damaged: the steps between are made again. Undefined where
 * there is none, a data error where all are damaged or of another version.
 */
export async function readNewestCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  let failure: unknown;
  for (const file of (await checkpointFiles(folder)).toReversed()) {
    try {
      return await readCheckpoint(joinPath(folder, file));
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { metadata, tensors } = decodeSafetensors(await readBytes(path), path);
  if (!readable.includes(metadata.version ?? ''))
    throw dataError(
      `Cannot resume from "${path}": it has version ${metadata.version}, this program reads versions ${readable.join(' and ')}; use the release that wrote it`,
    );
  const [own, kept] = partition(tensors, (name) => name.startsWith(ownPrefix));
  return {
    state: { step: Number(metadata.step), tensors: kept, ...(metadata.block && { block: Number(metadata.block) }) },
    seconds: Number(metadata.seconds),
    ahead: lossesIn(own),
    known: knownIn(own),
    eventBytes: Number(metadata.eventBytes),
  };
}

/** What is not of the trainer stands among its tensors: rho/ahead/STEP/loss and so on, rho/known/loss and so on. */
const ownPrefix = 'rho/';
const aheadPrefix = 'rho/ahead/';
const knownPrefix = 'rho/known/';

function tensorsOf(ahead: LossesAhead): Record<string, Tensor> {
  const entries = [...ahead].flatMap(([index, { span, ...scores }]) =>
    Object.entries(scores).map(([output, data]) => [`${aheadPrefix}${index}/${output}`, vector(data)] as const),
  );
  return Object.fromEntries(entries);
}

function lossesIn(tensors: Readonly<Record<string, Tensor>>): LossesAhead {
  const ahead = new Map<number, CandidateScores>();
  for (const [name, { data }] of Object.entries(tensors)) {
    if (!name.startsWith(aheadPrefix)) continue;
    const [index, output] = name.slice(aheadPrefix.length).split('/') as [string, string];
    ahead.set(Number(index), { ...ahead.get(Number(index)), [output]: data } as CandidateScores);
  }
  return ahead;
}

function knownTensors(known: KnownState | null): Record<string, Tensor> {
  const entries = Object.entries(known ?? {}).map(([what, data]) => [`${knownPrefix}${what}`, vector(data)] as const);
  return Object.fromEntries(entries);
}

function knownIn(tensors: Readonly<Record<string, Tensor>>): KnownState | null {
  const [loss, predicted, step] = ['loss', 'predicted', 'step'].map((what) => tensors[`${knownPrefix}${what}`]?.data);
  return loss === undefined ? null : ({ loss, predicted, step } as unknown as KnownState);
}

function vector(data: Float32Array | Int32Array): Tensor {
  return { dtype: data instanceof Int32Array ? 'int32' : 'float32', dims: [data.length], data };
}

function partition<T>(record: Readonly<Record<string, T>>, test: (name: string) => boolean) {
  const entries = Object.entries(record);
  return [entries.filter(([name]) => test(name)), entries.filter(([name]) => !test(name))].map(Object.fromEntries) as [
    Record<string, T>,
    Record<string, T>,
  ];
}

async function checkpointFiles(folder: string): Promise<readonly string[]> {
  if (!(await exists(folder))) return [];
  return (await listFolder(folder)).filter((name) => /^step-\d+\.safetensors$/.test(name));
}
