import { dataError } from '../core/errors.ts';
import { joinPath } from '../runtime/files.ts';
import { type GivenClasses, type Labels, readLabels } from './readLabels.ts';
import { readTextFile } from './table.ts';

/** Paths of image files with their labels, by id. */
export interface ImageList extends Labels {
  readonly files: readonly string[];
}

/**
 * Reads a list of images, as Clothing-1M and WebVision have it: on each line a path, from the folder of the list, and behind
 * the last space a label. Empty lines do not count.
 */
export async function readImageList(file: string, given: GivenClasses = {}): Promise<ImageList> {
  const files: string[] = [];
  const cells: string[] = [];
  const rows: number[] = [];
  (await readTextFile(file)).split('\n').forEach((line, at) => {
    if (line.trim() === '') return;
    const [, path, label] = /^\s*(.+?)\s+(\S+)\s*$/.exec(line) ?? [];
    if (path === undefined || label === undefined)
      throw dataError(
        `Cannot read "${file}": line ${at + 1} is "${line.trim().slice(0, 60)}", expected a path and a label, such as cats/1.jpg 0`,
      );
    files.push(path.startsWith('/') ? path : joinPath(file, '..', path));
    cells.push(label);
    rows.push(at + 1);
  });
  if (files.length === 0) throw dataError(`Cannot use "${file}": it lists no images`);
  return { files, ...readLabels(cells, cells.length, { file, where: (id) => `line ${rows[id]}`, given }) };
}
