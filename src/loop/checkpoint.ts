import { dataError } from '../core/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../core/safetensors.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Scores, TrainerState } from '../engine/engine.ts';
import { exists, joinPath, listFolder, makeFolder, readBytes, removePath, writeFileAtomic } from '../runtime/files.ts';
import type { LossesAhead } from './scoredAhead.ts';

/** All that a run needs to go on bit for bit. */
export interface Checkpoint {
  readonly state: TrainerState;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** Losses of candidates of later steps. */
  readonly ahead: LossesAhead;
  /** Length of the event file when the checkpoint was written: what stands behind it is cut off on resume. */
  readonly eventBytes: number;
}

const version = '1';
const kept = 2;

/** Writes a checkpoint into `folder` as one safetensors file and removes all but the newest two. */
export async function writeCheckpoint(
  folder: string,
  { state, seconds, ahead, eventBytes }: Checkpoint,
): Promise<void> {
  const block = state.block === undefined ? {} : { block: `${state.block}` };
  const metadata = { version, step: `${state.step}`, seconds: `${seconds}`, eventBytes: `${eventBytes}`, ...block };
  await makeFolder(folder);
  await writeFileAtomic(
    joinPath(folder, `step-${String(state.step).padStart(9, '0')}.safetensors`),
    encodeSafetensors({ metadata, tensors: { ...state.tensors, ...tensorsOf(ahead) } }),
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
  if (metadata.version !== version)
    throw dataError(
      `Cannot resume from "${path}": it has version ${metadata.version}, this program reads version ${version}; use the release that wrote it`,
    );
  const [scored, kept] = partition(tensors, (name) => name.startsWith(aheadPrefix));
  return {
    state: { step: Number(metadata.step), tensors: kept, ...(metadata.block && { block: Number(metadata.block) }) },
    seconds: Number(metadata.seconds),
    ahead: lossesIn(scored),
    eventBytes: Number(metadata.eventBytes),
  };
}

/** Losses scored ahead stand among the tensors, as rho/ahead/STEP/loss and so on. */
const aheadPrefix = 'rho/ahead/';

function tensorsOf(ahead: LossesAhead): Record<string, Tensor> {
  const entries = [...ahead].flatMap(([index, { span, ...scores }]) =>
    Object.entries(scores).map(([output, data]) => {
      const dtype = data instanceof Int32Array ? 'int32' : 'float32';
      return [`${aheadPrefix}${index}/${output}`, { dtype, dims: [data.length], data } satisfies Tensor] as const;
    }),
  );
  return Object.fromEntries(entries);
}

function lossesIn(tensors: Readonly<Record<string, Tensor>>): LossesAhead {
  const ahead = new Map<number, Scores>();
  for (const [name, { data }] of Object.entries(tensors)) {
    const [index, output] = name.slice(aheadPrefix.length).split('/') as [string, string];
    ahead.set(Number(index), { ...ahead.get(Number(index)), [output]: data } as Scores);
  }
  return ahead;
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
