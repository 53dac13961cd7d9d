import { dataError } from '../core/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { sha256 } from '../data/hash.ts';
import { type GivenNumbers, readGivenNumbers } from '../data/lossFile.ts';
import { readBytes } from '../runtime/files.ts';
import { findStore } from '../store/findStore.ts';
import { type LossTable, unscoredTable } from '../store/lossTable.ts';
import type { StoreDescription, StoreManifest } from '../store/manifest.ts';
import { checkSameScoring } from '../store/sameScoring.ts';
import { writeLossStore } from '../store/writeStore.ts';
import type { TrainingData } from './experiment.ts';
import { describeData, idsOf, type ScoreSplit } from './score.ts';

/** A file of losses, or of class probabilities, that a program of the user's computed. */
export interface GivenLosses {
  readonly file: string;
  readonly holds: 'loss' | 'probabilities';
}

/**
 * Makes a loss store of irreducible losses that come from elsewhere, matched by id. Every id of the split has to be there
 * once, with a loss from 0 up (or NaN) or probabilities that sum to 1; anything else is a data error.
 */
export async function storeGivenLosses(
  training: TrainingData,
  { file, holds }: GivenLosses,
  split: ScoreSplit,
  folder: string,
): Promise<StoreManifest> {
  const { data } = training;
  const ids = idsOf(training, split);
  const given = await readGivenNumbers(file, holds);
  const rows = rowsOf(ids, given, data.length, file);
  const fill = holds === 'loss' ? fillLosses : fillProbabilities;
  const table = fill(unscoredTable(ids, data.labels), rows, given, data, file);
  const description: StoreDescription = {
    ...describeData(training, split),
    model: { name: file, fingerprint: await sha256(await readBytes(file)), architecture: null, trainedOn: null },
    scoring: { device: 'elsewhere', precision: 'fp32', mode: 'eval', logits: null, layout: 'auto' },
  };
  const { manifest, begun } = await findStore(folder);
  if (begun !== null)
    throw dataError(`Cannot write into loss store "${folder}": its scoring was interrupted; name a new folder`);
  if (manifest !== null) checkSameScoring(folder, manifest, description, new Set());
  return writeLossStore(folder, description, table);
}

/** The row of the file for each of `ids`. */
function rowsOf(ids: Uint32Array, given: GivenNumbers, length: number, file: string): Uint32Array {
  const count = given.values.length / given.width;
  if (given.ids === null) {
    if (count !== length)
      throw dataError(
        `Cannot use the losses of "${file}": it has ${count} rows, the data have ${length} examples; write one for each, or a .csv with ids`,
      );
    return ids;
  }
  const rowOf = new Int32Array(length).fill(-1);
  for (const [row, id] of given.ids.entries()) {
    if (rowOf[id] !== -1)
      throw dataError(
        `Cannot use the losses of "${file}": id ${id} is ${rowOf[id] === undefined ? `none of 0 to ${length - 1}` : 'there twice'}`,
      );
    rowOf[id] = row;
  }
  const missing = ids.filter((id) => rowOf[id] === -1);
  if (missing.length > 0)
    throw dataError(
      `Cannot use the losses of "${file}": ${missing.length} of the ${ids.length} examples of the split are not in it (ids ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''})`,
    );
  return Uint32Array.from(ids, (id) => rowOf[id]!);
}

function fillLosses(
  table: LossTable,
  rows: Uint32Array,
  { values }: GivenNumbers,
  _data: Dataset,
  file: string,
): LossTable {
  for (const [i, row] of rows.entries()) {
    if (values[row]! < 0)
      throw dataError(
        `Cannot use the losses of "${file}": that of example ${table.ids[i]} is ${values[row]}, expected a cross-entropy from 0 up`,
      );
    table.loss[i] = values[row]!;
  }
  return table;
}

/** How far probabilities may be from 1 in sum: those of half precision are. */
const tolerance = 0.01;

function fillProbabilities(
  table: LossTable,
  rows: Uint32Array,
  { values, width }: GivenNumbers,
  { classes }: Dataset,
  file: string,
): LossTable {
  if (width < classes)
    throw dataError(
      `Cannot use the probabilities of "${file}": they are of ${width} classes, the data have ${classes}`,
    );
  for (const [i, row] of rows.entries()) {
    const probabilities = values.subarray(row * width, (row + 1) * width);
    const sum = probabilities.reduce((total, value) => total + value, 0);
    if (!(Math.abs(sum - 1) <= tolerance) || probabilities.some((value) => value < 0))
      throw dataError(
        `Cannot use the probabilities of "${file}": those of example ${table.ids[i]} sum to ${sum.toFixed(3)}, expected none below 0 and a sum of 1 (softmax of the logits)`,
      );
    const label = table.labels[i]!;
    const own = probabilities[label]!;
    const others = probabilities.filter((_, other) => other !== label);
    // -log 1 is -0, which would be another loss than 0 in the file.
    table.loss[i] = -Math.log(own) + 0;
    table.predicted[i] = probabilities.indexOf(Math.max(...probabilities));
    table.margin[i] = own - Math.max(...others);
  }
  return table;
}
