import { askForColumns } from './columns.ts';
import type { DroppedFile } from './droppedFiles.ts';
import { below, folderOf, nameOf, placed, places } from './paths.ts';
import type { RecognisedData, Recogniser } from './recognisedData.ts';

const table = /\.(csv|tsv|jsonl)(\.gz)?$/i;

/** Texts with labels: one .csv, .tsv or .jsonl, or a folder with train and dev or test of these. */
export const recogniseTable: Recogniser = async (files) => {
  const tables = files.filter(({ path }) => table.test(path));
  const train = tables.find(({ path }) => /^train\./.test(nameOf(path)));
  const taken = train ?? tables[0];
  if (taken === undefined) return null;
  if (train === undefined && tables.length > 1)
    return {
      problem: `Cannot tell which of ${tables.length} tables are training data (${tables.map(({ path }) => nameOf(path)).join(', ')}): drop one, or call it train`,
    };
  const format = formatOf(taken);
  const tests = tables.filter(
    (other) =>
      folderOf(other.path) === folderOf(taken.path) &&
      formatOf(other) === format &&
      /^(dev|validation|test)\./.test(nameOf(other.path)),
  );
  const vocabularies = files.filter(
    ({ path }) => nameOf(path) === 'vocab.txt' && folderOf(path) === folderOf(taken.path),
  );
  const question = await askForColumns(taken, format);
  // Beside test data the folder is meant; chosen columns are those of one file.
  const isFolder = train !== undefined && tests.length > 0 && question === null;
  const path = isFolder ? folderOf(taken.path) : taken.path;
  const data: RecognisedData = {
    name: nameOf(taken.path),
    what: `texts in ${nameOf(taken.path)}${isFolder ? ' with test data' : ''}`,
    data: `${format}:${below(places.data, path)}`,
    files: placed(places.data, [taken, ...(isFolder ? tests : []), ...vocabularies]),
    takes: ['vocab', 'tokens'],
    question: null,
  };
  if (question === null) return data;
  return {
    ...data,
    question: {
      about: data.name,
      examples: 'Text',
      columns: question.columns,
      guess: question.guess,
      mayLackHeader: format !== 'jsonl',
      async answered(answer, rename) {
        // It comes unpacked.
        const plain = path.replace(/\.gz$/, '');
        const table = { path: below(places.data, plain), file: await rename(question, answer) };
        const files = [table, ...placed(places.data, vocabularies)];
        return { ...data, data: `${format}:${table.path}`, files };
      },
    },
  };
};

function formatOf({ path }: DroppedFile): 'csv' | 'tsv' | 'jsonl' {
  return table.exec(path)![1]!.toLowerCase() as 'csv' | 'tsv' | 'jsonl';
}
