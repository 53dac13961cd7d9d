import { dataError } from '../core/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../core/safetensors.ts';
import type { TrainerState } from '../engine/engine.ts';
import { exists, joinPath, listFolder, makeFolder, readBytes, removePath, writeFileAtomic } from '../runtime/files.ts';

/** All that a run needs to go on bit for bit. */
export interface Checkpoint {
  readonly state: TrainerState;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** Length of the event file when the checkpoint was written: what stands behind it is cut off on resume. */
  readonly eventBytes: number;
}

const version = '1';
const kept = 2;

/** Writes a checkpoint into `folder` as one safetensors file and removes all but the newest two. */
export async function writeCheckpoint(folder: string, { state, seconds, eventBytes }: Checkpoint): Promise<void> {
  const block = state.block === undefined ? {} : { block: `${state.block}` };
  const metadata = { version, step: `${state.step}`, seconds: `${seconds}`, eventBytes: `${eventBytes}`, ...block };
  await makeFolder(folder);
  await writeFileAtomic(
    joinPath(folder, `step-${String(state.step).padStart(9, '0')}.safetensors`),
    encodeSafetensors({ metadata, tensors: state.tensors }),
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
  return {
    state: { step: Number(metadata.step), tensors, ...(metadata.block && { block: Number(metadata.block) }) },
    seconds: Number(metadata.seconds),
    eventBytes: Number(metadata.eventBytes),
  };
}

async function checkpointFiles(folder: string): Promise<readonly string[]> {
  if (!(await exists(folder))) return [];
  return (await listFolder(folder)).filter((name) => /^step-\d+\.safetensors$/.test(name));
}
