import { formatCount, formatCounted } from '../../report/format.ts';
import type { ChosenData } from '../context.ts';
import { find, make } from '../element.ts';
import type { Jobs } from '../jobs.ts';
import { forPage } from '../sentence.ts';
import type { ChooseSection } from './chooseSection.ts';
import type { ChoicePreview } from './previewChoice.ts';

/** Says what would come of what is chosen, as soon as it is chosen. */
export function choicePreview(
  choose: Pick<ChooseSection, 'model' | 'data' | 'logits'>,
  jobs: (needsSample: boolean) => Promise<Jobs>,
): { readonly changed: () => void } {
  const told = find('chosen-check');
  let turn = 0;
  const show = async () => {
    const mine = ++turn;
    told.replaceChildren();
    const [model, data] = [choose.model(), choose.data()];
    if (model === null && data === null) return;
    const choice = { model: model?.path ?? null, data: data?.options ?? null, logits: choose.logits() };
    const ready = await jobs(model?.isSample || data?.isSample || false);
    const preview = await ready.call('previewChoice', choice);
    if (mine !== turn) return;
    told.replaceChildren(
      ...preview.problems.map((problem) => make('p', { className: 'problem' }, `${forPage(problem)}.`)),
      ...(data === null ? [] : inWords(preview, data.options)).map((line) =>
        make('p', { className: 'quiet small' }, line),
      ),
    );
  };
  return {
    changed() {
      // What cannot be told beforehand is told by the job.
      show().catch(() => undefined);
    },
  };
}

/** Test data that go with training data, by format. */
const testFiles: Readonly<Record<string, string>> = {
  idx: 't10k-images-idx3-ubyte and t10k-labels-idx1-ubyte',
  cifar: 'test_batch.bin (CIFAR-100: test.bin)',
  csv: 'train.csv and test.csv in one folder',
  tsv: 'train.tsv and dev.tsv in one folder',
  jsonl: 'train.jsonl and test.jsonl in one folder',
  images: 'folders train and test, with a folder for each class in each',
  parquet: 'files that are called train-… and test-… in one folder',
  npy: 'test-x.npy and test-y.npy',
};

/** What is scored of data, and what they lack for training, a sentence each. */
export function inWords(
  { scored, hasTest }: Pick<ChoicePreview, 'scored' | 'hasTest'>,
  { data: spec, holdout }: ChosenData['options'],
): string[] {
  const lines: string[] = [];
  if (scored !== null)
    lines.push(
      scored.count === scored.length
        ? `Score takes all ${formatCounted(scored.length, 'example')}.`
        : `Score takes ${formatCount(scored.count)} of ${formatCounted(scored.length, 'example')}: the others are held out, as what the model was trained on.${holdout === undefined ? ' Where it was trained on other data, set “Holdout” to none under Options.' : ''}`,
    );
  if (hasTest === false)
    lines.push(
      `This is enough to score. To train, choose test data together with them: ${testFiles[spec.slice(0, spec.indexOf(':'))] ?? 'of the same kind'}.`,
    );
  return lines;
}
