import type { DroppedFile } from './droppedFiles.ts';
import { firstBytes } from './firstBytes.ts';
import { folderOf, nameOf, places } from './paths.ts';
import type { Recogniser } from './recognisedData.ts';

interface Part {
  readonly file: DroppedFile;
  readonly holds: 'images' | 'labels';
  readonly isTest: boolean;
}

/**
 * IDX files of any names, known by their first bytes: images (3 dimensions) and labels (1). They are given to the jobs under
 * the names of MNIST, beside test files where there are some.
 */
export const recogniseIdx: Recogniser = async (files) => {
  const parts: Part[] = [];
  for (const file of files) {
    if (!/ubyte|\.idx/i.test(nameOf(file.path))) continue;
    const [a, b, type, rank] = await firstBytes(file.file, 4);
    if (a !== 0 || b !== 0 || type !== 8 || (rank !== 1 && rank !== 3)) continue;
    const isTest = /t10k|test|val/i.test(nameOf(file.path));
    parts.push({ file, holds: rank === 3 ? 'images' : 'labels', isTest });
  }
  if (parts.length === 0) return null;
  const train = pairOf(parts.filter(({ isTest }) => !isTest));
  const test = pairOf(parts.filter(({ isTest }) => isTest));
  const taken = train ?? test;
  if (taken === null) {
    const { file, holds } = parts[0]!;
    const other = holds === 'images' ? 'labels (idx1)' : 'images (idx3)';
    return {
      problem: `Cannot use “${nameOf(file.path)}” alone: it holds ${holds}; drop the file with its ${other} as well`,
    };
  }
  const named = (stem: string, pair: Pair) => [
    { path: `${places.data}/${stem}-images-idx3-ubyte`, file: pair.images.file },
    { path: `${places.data}/${stem}-labels-idx1-ubyte`, file: pair.labels.file },
  ];
  const given = train !== null && test !== null ? named('t10k', test) : [];
  return {
    name: nameOf(folderOf(taken.images.path)) || nameOf(taken.images.path).replace(/[-_.]?(idx|ubyte).*$/i, ''),
    what: `IDX images and labels (${nameOf(taken.images.path)}, ${nameOf(taken.labels.path)})${given.length > 0 ? ' with test data' : ''}`,
    data: `idx:${places.data}`,
    files: [...named('train', taken), ...given],
    takes: [],
    question: null,
  };
};

interface Pair {
  readonly images: DroppedFile;
  readonly labels: DroppedFile;
}

/** The first images, and the labels that belong to them: of the same name as far as that goes. */
function pairOf(parts: readonly Part[]): Pair | null {
  const stem = ({ file }: Part) => file.path.replace(/[-_.]?(images|labels|idx).*$/i, '');
  for (const part of parts.filter(({ holds }) => holds === 'images')) {
    const labels = parts.filter(({ holds }) => holds === 'labels');
    const found = labels.find((other) => stem(other) === stem(part)) ?? (labels.length === 1 ? labels[0] : undefined);
    if (found !== undefined) return { images: part.file, labels: found.file };
  }
  return null;
}
