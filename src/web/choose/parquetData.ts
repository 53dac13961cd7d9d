import { type ColumnsAnswer, labelPattern, textPattern } from './columns.ts';
import type { DroppedFile } from './droppedFiles.ts';
import { foundColumns, type ParquetColumn, parquetColumns, withParquetColumns } from './parquetColumns.ts';
import { below, folderOf, nameOf, placed, places } from './paths.ts';
import type { DataQuestion, RecognisedData, Recogniser } from './recognisedData.ts';

/** Parquet files of images or texts, as Hugging Face lays them out: one, or a folder with train-00000-of-00003.parquet and so on. */
export const recogniseParquet: Recogniser = async (files) => {
  const found = files.filter(({ path }) => /\.parquet$/i.test(path));
  const train = found.find(({ path }) => /^train[-.]/.test(nameOf(path)) || nameOf(folderOf(path)) === 'train');
  const first = found.length === 1 ? found[0] : train;
  if (found.length === 0) return null;
  if (first === undefined)
    return {
      problem: `Cannot tell which of ${found.length} Parquet files are training data: expected names such as train-00000-of-00003.parquet, or one file`,
    };
  const columns = await parquetColumns(first.file);
  const input = foundColumns(columns)?.input ?? null;
  const data = described(first, found, input);
  return input === null && columns.length > 1 ? { ...data, question: questionOf(data, first, found, columns) } : data;
};

function described(first: DroppedFile, found: readonly DroppedFile[], input: ParquetColumn | null): RecognisedData {
  const own = folderOf(first.path);
  const folder = nameOf(own) === 'train' ? folderOf(own) : own;
  const where = found.length === 1 ? nameOf(first.path) : `${found.length} Parquet files`;
  return {
    name: found.length === 1 ? nameOf(first.path) : nameOf(folder) || 'Parquet files',
    what: `${input === null ? 'examples' : input.holds === 'texts' ? 'texts' : 'images'} in ${where}`,
    data: `parquet:${below(places.data, found.length === 1 ? first.path : folder)}`,
    files: placed(places.data, found),
    takes: input === null ? [] : input.holds === 'texts' ? ['vocab', 'tokens'] : ['imageSize'],
    question: null,
  };
}

function questionOf(
  data: RecognisedData,
  first: DroppedFile,
  found: readonly DroppedFile[],
  columns: readonly ParquetColumn[],
): DataQuestion {
  const at = (fits: (column: ParquetColumn) => boolean) => columns.findIndex(fits);
  const best = (...places: readonly number[]) => places.find((place) => place >= 0) ?? 0;
  const label = best(
    at(({ name, holds }) => labelPattern.test(name) && holds !== 'images'),
    at(({ holds }) => holds === 'numbers'),
  );
  const input = best(
    at(({ holds }) => holds === 'images'),
    at(({ name, holds }) => textPattern.test(name) && holds === 'texts'),
    at(({ name, holds }) => holds === 'texts' && name !== columns[label]!.name),
    label === 0 ? 1 : 0,
  );
  return {
    about: nameOf(first.path),
    examples: 'Image or text',
    columns: columns.map(({ name }) => name),
    guess: { text: input, label, isHeader: true },
    mayLackHeader: false,
    async answered(answer: ColumnsAnswer) {
      const chosen = columns[answer.text]!;
      const files = await Promise.all(
        found.map(async ({ path, file }) => ({
          path: below(places.data, path),
          file: await withParquetColumns(file, chosen, columns[answer.label]!.name),
        })),
      );
      return { ...described(first, found, chosen), name: data.name, files };
    },
  };
}
