import { RhoError } from '../../core/errors.ts';
import type { ChosenData } from '../context.ts';
import { find, make } from '../element.ts';
import type { NamedFile } from '../protocol.ts';
import { sample } from '../sample.ts';
import { askColumns } from './columnsForm.ts';
import { chosenFiles, type DroppedFile, droppedFiles } from './droppedFiles.ts';
import { type FieldValues, optionsForm } from './optionsForm.ts';
import { nameOf, places } from './paths.ts';
import { expected, type RecognisedModel, recognise } from './recognise.ts';
import type { RecognisedData } from './recognisedData.ts';
import { unzipped } from './zipFiles.ts';

/** A model as the jobs name it. */
export interface ChosenModel {
  readonly name: string;
  readonly path: string;
  /** The same for the same files, as far as names, sizes and times tell. */
  readonly identity: string;
  readonly isSample: boolean;
}

/** Data with what tells them from others. */
export interface IdentifiedData extends ChosenData {
  readonly identity: string;
  readonly isSample: boolean;
}

/** What the user has chosen. */
export interface ChooseSection {
  readonly model: () => ChosenModel | null;
  readonly data: () => IdentifiedData | null;
  readonly logits: () => string | null;
}

/** What becomes of what is chosen. */
export interface ChooseHooks {
  readonly give: (folder: string, files: readonly NamedFile[]) => void;
  /** Model, data or options are others than before. */
  readonly changed: () => void;
  readonly openStore: (folder: string) => void;
  /** Opens a run folder; gives the sentence why not, or null. */
  readonly openRun: (files: readonly DroppedFile[]) => Promise<string | null>;
}

type Given = Pick<RecognisedData, 'name' | 'what' | 'data' | 'takes'> & {
  readonly identity: string;
  readonly isSample: boolean;
};

/** The part of the page that takes files: drop zone, buttons, the sample, and options. */
export function chooseSection(hooks: ChooseHooks): ChooseSection {
  const [zone, told, columns] = [find('drop'), find('recognised'), find<HTMLFormElement>('columns')];
  const [chosenModel, chosenData] = [find('chosen-model'), find('chosen-data')];
  const options = optionsForm(find<HTMLFormElement>('options'), () => changed());
  let model: ChosenModel | null = null;
  let data: Given | null = null;
  let vocabulary: { readonly path: string; readonly identity: string } | null = null;

  const tell = (lines: readonly string[], problems: readonly string[] = []) =>
    told.replaceChildren(
      ...lines.map((line) => make('p', {}, line)),
      ...problems.map((line) => make('p', { className: 'problem' }, line)),
    );

  const changed = () => {
    chosenModel.textContent = model?.name ?? 'none yet';
    chosenData.textContent = data === null ? 'none yet' : `${data.name}: ${data.what}`;
    options.show(data?.takes ?? []);
    hooks.changed();
  };

  const takeModel = async ({ name, path, files, card }: RecognisedModel) => {
    hooks.give(places.model, files);
    model = { name, path, identity: identityOf(files), isSample: false };
    const recorded = card === null ? null : await readCardOptions(card);
    if (recorded !== null) options.fill(recorded);
    const own = recorded === null ? '' : ', with its card, which the options are taken from';
    return `The model is ${name}${own}.`;
  };

  const takeData = (found: RecognisedData, chosen = '') => {
    hooks.give(places.data, found.files);
    // Those of the sample say nothing about other data.
    if (data?.isSample) options.fill(emptyFields);
    const { name, what, takes, files } = found;
    data = { name, what, takes, data: found.data, identity: identityOf(files) + chosen, isSample: false };
  };

  const needsVocabulary = (found: RecognisedData) =>
    found.takes.includes('tokens') &&
    vocabulary === null &&
    !found.files.some(({ path }) => nameOf(path) === 'vocab.txt');

  const take = async (given: readonly DroppedFile[]) => {
    columns.hidden = true;
    const files = await unzipped(given, (count) => tell([`Unpacking: ${count.toLocaleString('en-US')} files …`]));
    tell([`Looking at ${files.length.toLocaleString('en-US')} ${files.length === 1 ? 'file' : 'files'} …`]);
    const found = await recognise(files);
    const lines: string[] = [];
    const problems = [...found.problems];
    if (found.run !== null) {
      const problem = await hooks.openRun(found.run);
      return problem === null ? tell(['This is the folder of a run: see below.']) : tell([], [problem]);
    }
    if (found.store !== null) {
      hooks.give(places.store, found.store.files);
      tell([`This is a loss store, ${nameOf(found.store.folder)}: see below.`]);
      return hooks.openStore(found.store.folder);
    }
    if (found.vocabulary !== null) {
      const { path, file } = found.vocabulary;
      const given = { path: `${places.vocab}/${nameOf(path)}`, file };
      vocabulary = { path: given.path, identity: identityOf([given]) };
      hooks.give(places.vocab, [given]);
      lines.push(`The vocabulary of texts is ${nameOf(path)}.`);
    }
    const recognised = found.data;
    if (recognised !== null && recognised.question === null) {
      takeData(recognised);
      lines.push(`The data are ${recognised.what}.`);
    } else if (recognised?.question) {
      const { question, what } = recognised;
      data = null;
      lines.push(`The data are ${what}.`);
      askColumns(columns, question, async (answer) => {
        const answered = await question.answered(answer);
        takeData(answered, JSON.stringify(answer));
        tell([`The data are ${answered.what}.`], needsVocabulary(answered) ? [askVocabulary] : []);
        changed();
      });
    }
    // Behind the data: what its card says goes before what a sample left in the options.
    if (found.model !== null) lines.unshift(await takeModel(found.model));
    if (recognised !== null && needsVocabulary(recognised)) problems.push(askVocabulary);
    tell(lines, problems);
    changed();
  };

  const takeSafely = async (files: () => Promise<readonly DroppedFile[]>) => {
    try {
      await take(await files());
    } catch (error) {
      const { message } = error as Error;
      tell([], [error instanceof RhoError ? message : `Cannot read what was given: ${message}; expected ${expected}`]);
    }
  };

  listenToDrops(zone, (transfer) => {
    const files = droppedFiles(transfer, (count) =>
      tell([`Reading folders: ${count.toLocaleString('en-US')} files …`]),
    );
    takeSafely(() => files);
  });
  for (const [button, input] of [
    ['pick-files', 'files-input'],
    ['pick-folder', 'folder-input'],
  ] as const) {
    const list = find<HTMLInputElement>(input);
    find(button).addEventListener('click', () => list.click());
    list.addEventListener('change', () => {
      const files = chosenFiles(list.files!);
      // So that the same files can be chosen again.
      list.value = '';
      takeSafely(async () => files);
    });
  }
  find('sample').addEventListener('click', () => {
    columns.hidden = true;
    model = { name: 'MNIST sample IL model', path: sample.model, identity: 'sample', isSample: true };
    data = {
      name: 'MNIST sample',
      what: '20,000 handwritten digits that ship with rho-loss',
      takes: [],
      ...{ data: sample.data, identity: 'sample', isSample: true },
    };
    options.fill({ ...emptyFields, holdout: sample.holdout });
    tell(['The sample is chosen: 20,000 digits, and a model that was trained on half of them.']);
    changed();
  });
  changed();

  return {
    model: () => model,
    data() {
      if (data === null) return null;
      const { name, identity, isSample, takes } = data;
      const vocab = takes.includes('vocab') ? vocabulary : null;
      return {
        name,
        identity: vocab === null ? identity : `${identity} ${vocab.identity}`,
        isSample,
        options: { data: data.data, ...options.values(), ...(vocab !== null && { vocab: vocab.path }) },
      };
    },
    logits: options.logits,
  };
}

const askVocabulary = 'Texts are cut by a vocabulary: give the vocab.txt or tokenizer.json of the model as well.';

const emptyFields: FieldValues = {
  holdout: null,
  noise: null,
  dataSeed: null,
  tokens: null,
  imageSize: null,
  preprocessing: null,
};

function identityOf(files: readonly NamedFile[]): string {
  let [bytes, newest] = [0, 0];
  for (const { file } of files) {
    bytes += file.size;
    if (file instanceof File) newest = Math.max(newest, file.lastModified);
  }
  return [files.length, bytes, newest, files[0]?.path ?? ''].join(' ');
}

/** The options that a card records; null for JSON that is none of a card. */
async function readCardOptions(card: File): Promise<FieldValues | null> {
  try {
    const { format, data } = JSON.parse(await card.text());
    if (format !== 'rho-loss-il-card') return null;
    const { holdout, noise, dataSeed, tokens, imageSize, preprocessing } = data;
    const plainNoise = noise === 'none' ? null : noise;
    const plainSeed = dataSeed === 0 ? null : dataSeed;
    return { holdout, noise: plainNoise, dataSeed: plainSeed, tokens, imageSize, preprocessing };
  } catch {
    return null;
  }
}

/** Takes what is dropped anywhere on the page: beside the zone the browser would leave the page to show the file. */
function listenToDrops(zone: HTMLElement, take: (transfer: DataTransfer) => void): void {
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  let inside = 0;
  const mark = (change: number) => {
    inside = Math.max(0, inside + change);
    zone.classList.toggle('over', inside > 0);
  };
  document.addEventListener('dragenter', (event) => carriesFiles(event) && mark(1));
  document.addEventListener('dragleave', (event) => carriesFiles(event) && mark(-1));
  document.addEventListener('dragover', (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    if (event.dataTransfer === null || !carriesFiles(event)) return;
    event.preventDefault();
    mark(-inside);
    take(event.dataTransfer);
  });
}
