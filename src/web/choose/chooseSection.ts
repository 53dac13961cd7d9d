import { RhoError } from '../../core/errors.ts';
import { formatCount } from '../../report/format.ts';
import type { ChosenData } from '../context.ts';
import { find, make } from '../element.ts';
import type { NamedFile } from '../protocol.ts';
import { sample } from '../sample.ts';
import { forPage } from '../sentence.ts';
import type { GivenFiles } from '../sharedJobs.ts';
import type { ColumnsAnswer } from './columns.ts';
import { askColumns } from './columnsForm.ts';
import { chosenFiles, type DroppedFile, droppedFiles } from './droppedFiles.ts';
import { identityOf } from './identity.ts';
import { type FieldValues, optionsForm } from './optionsForm.ts';
import { movedTo, nameOf, ownPlace, places } from './paths.ts';
import { expected, type RecognisedModel, recognise } from './recognise.ts';
import type { DataQuestion, RecognisedData, RenameColumns } from './recognisedData.ts';
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
  /** Whether the options can be used; where not, the browser says so beside the field. */
  readonly check: () => boolean;
}

/** What becomes of what is chosen. */
export interface ChooseHooks {
  readonly give: (files: GivenFiles) => void;
  /** Model, data or options are others than before. */
  readonly changed: () => void;
  /** Shows a loss store; rejects with a sentence where it cannot be read. */
  readonly openStore: (folder: string) => Promise<void>;
  /** A table whose columns are called what the readers look for, as `withColumns` makes it, beside the page. */
  readonly renamed: RenameColumns;
  /** Shows a run folder, or why that cannot be; rejects where the page cannot even try. */
  readonly openRun: (files: readonly DroppedFile[]) => Promise<void>;
}

type Given = Pick<RecognisedData, 'name' | 'what' | 'data' | 'test' | 'takes'> & {
  readonly identity: string;
  readonly isSample: boolean;
};

/** The part of the page that takes files: drop zone, buttons, the sample, and options. */
export function chooseSection(hooks: ChooseHooks): ChooseSection {
  const [zone, told, columns] = [find('drop'), find('recognised'), find<HTMLFormElement>('columns')];
  const [chosenModel, chosenData, chosenOptions] = [find('chosen-model'), find('chosen-data'), find('chosen-options')];
  const options = optionsForm(find<HTMLFormElement>('options'), () => changed());
  let model: ChosenModel | null = null;
  let data: Given | null = null;
  let vocabulary: { readonly path: string; readonly identity: string } | null = null;
  /** What was given before the last choice no longer matters, however long it takes. */
  let turn = 0;

  const tell = (lines: readonly string[], problems: readonly string[] = []) =>
    told.replaceChildren(
      ...lines.map((line) => make('p', {}, line)),
      ...problems.map((line) => make('p', { className: 'problem' }, line)),
    );

  const changed = () => {
    chosenModel.textContent = model?.name ?? 'none yet';
    chosenData.textContent = data === null ? 'none yet' : `${data.name}: ${data.what}`;
    options.show(data?.takes ?? []);
    const others = options.summary();
    chosenOptions.textContent = others === '' ? '' : `with ${others}`;
    hooks.changed();
  };

  const begin = () => {
    const mine = ++turn;
    columns.hidden = true;
    return () => mine === turn;
  };

  /** Gives files to the worker, in the folder of this choice. */
  const give = (place: string, identity: string, files: readonly NamedFile[]) => {
    const folder = ownPlace(place, identity);
    hooks.give({ place, folder, files });
    return (path: string) => movedTo(folder, place, path);
  };

  const takeModel = ({ name, path, files }: RecognisedModel, identity: string, card: FieldValues | null) => {
    model = { name, path: give(places.model, identity, files)(path), identity, isSample: false };
    // What the card of another model says is none of this one.
    options.take(card ?? {});
    const own = card === null ? '' : ', with its card, which the options are taken from';
    return `The model is ${name}${own}.`;
  };

  /** No data yet, and nothing left of the sample, which says nothing about other data. */
  const leaveData = () => {
    if (data?.isSample && model?.isSample) options.take({});
    data = null;
  };

  const takeData = ({ name, what, takes, files, data: spec, test }: RecognisedData, identity: string) => {
    leaveData();
    const moved = give(places.data, identity, files);
    const movedSpec = (spec: string) => spec.replace(/^(\w+:)(.*)$/s, (_, format, path) => `${format}${moved(path)}`);
    data = {
      name,
      what,
      takes,
      data: movedSpec(spec),
      ...(test && { test: movedSpec(test) }),
      identity,
      isSample: false,
    };
  };

  const needsVocabulary = (found: RecognisedData) =>
    found.takes.includes('tokens') &&
    vocabulary === null &&
    !found.files.some(({ path }) => nameOf(path) === 'vocab.txt');

  const take = async (given: readonly DroppedFile[], isCurrent: () => boolean) => {
    const show = (line: string) => isCurrent() && tell([line]);
    const files = await unzipped(given, (count) => show(`Unpacking: ${count.toLocaleString('en-US')} files …`));
    show(`Looking at ${files.length.toLocaleString('en-US')} ${files.length === 1 ? 'file' : 'files'} …`);
    const found = await recognise(files);
    const { model: net, data: recognised, store, vocabulary: words } = found;
    const identities = await Promise.all(
      [net?.files, recognised?.files, store?.files, words && [words]].map((some) => some && identityOf(some)),
    );
    const [netIs, dataAre, storeIs, wordsAre] = identities as string[];
    const card = net?.card ? await readCardOptions(net.card) : null;
    if (!isCurrent()) return;
    const lines: string[] = [];
    const problems = [...found.problems];
    if (found.run !== null) {
      tell(['This is the folder of a run: see below.']);
      return hooks.openRun(found.run);
    }
    if (store !== null) {
      const folder = give(places.store, storeIs!, store.files)(store.folder);
      tell([`This is a loss store, ${nameOf(folder)}: see below.`]);
      return hooks.openStore(folder);
    }
    if (words !== null) {
      const path = `${places.vocab}/${nameOf(words.path)}`;
      vocabulary = { path: give(places.vocab, wordsAre!, [{ path, file: words.file }])(path), identity: wordsAre! };
      lines.push(`The vocabulary of texts is ${nameOf(words.path)}.`);
    }
    if (recognised !== null) {
      lines.push(`The data are ${recognised.what}.`);
      const { question } = recognised;
      if (question === null) takeData(recognised, dataAre!);
      else {
        leaveData();
        askColumns(columns, question, (answer) => answered(question, answer, recognised));
      }
    }
    // Behind the data: what its card says goes before what a sample left in the options.
    if (net !== null) lines.unshift(takeModel(net, netIs!, card));
    if (recognised !== null && needsVocabulary(recognised)) problems.push(askVocabulary);
    if (found.leftAside.length > 0) lines.push(leftAside(found.leftAside));
    tell(lines, problems);
    changed();
  };

  const answered = (question: DataQuestion, answer: ColumnsAnswer, { what, files }: RecognisedData) =>
    safely(async (isCurrent) => {
      tell([`Reading the columns of ${what} …`]);
      const [found, identity] = await Promise.all([
        question.answered(answer, hooks.renamed),
        identityOf(files, answer),
      ]);
      if (!isCurrent()) return;
      takeData(found, identity);
      tell([`The data are ${found.what}.`], needsVocabulary(found) ? [askVocabulary] : []);
      changed();
    });

  const safely = async (work: (isCurrent: () => boolean) => Promise<void>) => {
    const isCurrent = begin();
    try {
      await work(isCurrent);
    } catch (error) {
      if (!isCurrent()) return;
      const { message } = error as Error;
      const sentence =
        error instanceof RhoError ? forPage(message) : `Cannot read what was given: ${message}; expected ${expected}`;
      tell([], [sentence]);
    }
  };

  listenToDrops(zone, (transfer) =>
    safely(async (isCurrent) => {
      const reading = (count: number) =>
        isCurrent() && tell([`Reading folders: ${count.toLocaleString('en-US')} files …`]);
      await take(await droppedFiles(transfer, reading), isCurrent);
    }),
  );
  for (const [button, input] of [
    ['pick-files', 'files-input'],
    ['pick-folder', 'folder-input'],
  ] as const) {
    const list = find<HTMLInputElement>(input);
    find(button).addEventListener('click', () => list.click());
    list.addEventListener('change', () => {
      const files = list.files!;
      safely(async (isCurrent) => {
        const found = await chosenFiles(files);
        // So that the same files can be chosen again.
        if (list.files === files) list.value = '';
        await take(found, isCurrent);
      });
    });
  }
  find('sample').addEventListener('click', () => {
    begin();
    model = { name: 'MNIST sample IL model', path: sample.model, identity: 'sample', isSample: true };
    data = {
      name: 'MNIST sample',
      what: '20,000 handwritten digits that ship with rho-loss',
      takes: [],
      ...{ data: sample.data, identity: 'sample', isSample: true },
    };
    options.take({ ...emptyFields, holdout: sample.holdout });
    tell(['The sample is chosen: 20,000 digits, and a model that was trained on half of them.']);
    changed();
  });
  changed();

  return {
    model: () => model,
    data() {
      if (data === null) return null;
      const { name, identity, isSample, takes, test } = data;
      const vocab = takes.includes('vocab') ? vocabulary : null;
      return {
        name,
        identity: vocab === null ? identity : `${identity} ${vocab.identity}`,
        isSample,
        options: {
          data: data.data,
          ...(test !== undefined && { test }),
          ...options.values(),
          ...(vocab !== null && { vocab: vocab.path }),
        },
      };
    },
    logits: options.logits,
    check: options.check,
  };
}

function leftAside(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => `“${name}”`);
  const more = names.length > 3 ? ` and ${formatCount(names.length - 3)} more` : '';
  return `Left aside: ${shown.join(', ')}${more}; nothing of what was recognised needs ${names.length === 1 ? 'it' : 'them'}.`;
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
