import { classInWords } from '../../report/auditData.ts';
import { formatCount, formatCounted } from '../../report/format.ts';
import { boxKey } from '../../report/page.ts';
import { labelColours } from '../../report/palette.ts';
import type { ChosenData } from '../context.ts';
import { find, make } from '../element.ts';
import { failure } from '../failure.ts';
import type { Jobs } from '../jobs.ts';
import { forPage } from '../sentence.ts';
import { cardList } from './cards.ts';
import { confusionTable } from './confusionTable.ts';
import { showDetails } from './detailsDialog.ts';
import type { ClassCount, LookedRows, StoreOverview } from './messages.ts';
import { headline, summary } from './storeInWords.ts';

/** The part of the page that shows a store. */
export interface LookSection {
  /** Reads a store and shows it; rejects with a sentence where it cannot be read. */
  readonly open: (folder: string) => Promise<void>;
  /** Shows nothing any more. */
  readonly close: () => void;
  /** Other data are chosen: a store that lacks its own is shown with these, if they are. */
  readonly changed: () => void;
}

/** Two rows of the widest page, and of a phone. */
const fewAtFirst = (): number => (matchMedia('(max-width: 520px)').matches ? 6 : 12);
const moreEachTime = 24;

/** Shows losses, examples and mistakes of one store after another. */
export function lookSection(jobs: (needsSample: boolean) => Promise<Jobs>, data: () => ChosenData | null): LookSection {
  const [section, told] = [find('look'), find('look-status')];
  const [label, predicted] = [find<HTMLSelectElement>('look-label'), find<HTMLSelectElement>('look-predicted')];
  const more = find<HTMLButtonElement>('look-more');
  let overview: StoreOverview | null = null;
  let top = fewAtFirst();
  /** Answers to what was asked before are out of date: of rows, of the store as a whole, and of its data. */
  let turn = 0;
  let storeTurn = 0;
  let dataTurn = 0;

  const worker = () => jobs(overview?.data.name.includes('/rho-loss/') ?? false);

  const showRows = async () => {
    if (overview === null) return;
    const mine = ++turn;
    const request = { folder: overview.folder, label: chosenIn(label), predicted: chosenIn(predicted), top };
    try {
      const rows = await (await worker()).call('lookRows', request);
      if (mine === turn) await showLooked(rows, () => mine === turn);
    } catch (error) {
      if (mine === turn) told.textContent = failure(error);
    }
  };

  const showLooked = async (rows: LookedRows, isWanted: () => boolean) => {
    const { count, histogram, isByTruth, isByRoot, highest, lowest } = rows;
    const lists = [await cardList(highest, openDetails), await cardList(lowest, openDetails)] as const;
    if (!isWanted()) return;
    find('look-key').innerHTML = isByTruth
      ? `${boxKey(labelColours.clean, 'label right')}, ${boxKey(labelColours.corrupted, 'label wrong')}`
      : '';
    find('look-root').hidden = !isByRoot;
    find('look-histogram').innerHTML = histogram;
    find('look-highest').replaceChildren(lists[0]);
    find('look-lowest').replaceChildren(lists[1]);
    find('look-lowest-block').hidden = lowest.length === 0;
    more.hidden = count <= highest.length + lowest.length;
    // What is heard is there by then.
    told.textContent = `${formatCount(count)} of ${formatCounted(overview!.rows, 'example')}.`;
  };

  const openDetails = async (id: number) => {
    const mine = storeTurn;
    try {
      const details = await (await worker()).call('lookExample', { folder: overview!.folder, id });
      if (mine === storeTurn) showDetails(details);
    } catch (error) {
      told.textContent = failure(error);
    }
  };

  const showOverview = (found: StoreOverview) => {
    const [keptLabel, keptPredicted] = [label.value, predicted.value];
    overview = found;
    find('look-title').textContent = headline(found);
    find('look-summary').textContent = summary(found);
    find('look-doubts').replaceChildren(...found.doubts.map((doubt) => make('li', {}, `${forPage(doubt)}.`)));
    fill(label, 'all labels', found.labels, keptLabel);
    fill(predicted, 'all predictions', found.predicted, keptPredicted);
    predicted.disabled = found.predicted.length === 0;
    const pairs = find('look-confusions');
    find('look-confusions-block').hidden = found.confusions.length === 0;
    pairs.replaceChildren(
      confusionTable(found, (given, other) => {
        label.value = String(given);
        predicted.value = String(other);
        choose();
        find('look-lists').scrollIntoView({ block: 'start' });
        find('look-lists').focus({ preventScroll: true });
      }),
    );
  };

  /** Opens the data of the store that is shown, where they are at hand. */
  const openData = async (isCurrent: () => boolean) => {
    const { folder, data: named, shows } = overview!;
    if (shows !== null) return;
    const hint = find('look-hint');
    const chosen = data();
    const { data: place, labels = null, vocab = null } = chosen?.options ?? {};
    const isHere = /^[a-z]+:\/(given|rho-loss)\//.test(`${named.name}/`);
    hint.textContent =
      place === undefined && !isHere ? hintFor(named.name) : 'Opening the data for pictures and names …';
    if (place === undefined && !isHere) return;
    const moved = place === undefined ? null : { data: place, labels, vocab };
    const ready = await jobs(`${place ?? named.name}`.includes('/rho-loss/'));
    const problem = await ready.call('lookData', { folder, data: moved });
    if (!isCurrent()) return;
    hint.textContent = problem === null ? '' : place === undefined ? hintFor(named.name) : `${forPage(problem)}.`;
    if (problem !== null) return;
    const found = await ready.call('look', folder);
    if (!isCurrent()) return;
    showOverview(found);
    await showRows();
  };

  const openSafely = async () => {
    const [store, mine] = [storeTurn, ++dataTurn];
    const isCurrent = () => store === storeTurn && mine === dataTurn;
    try {
      await openData(isCurrent);
    } catch (error) {
      if (isCurrent()) find('look-hint').textContent = failure(error);
    }
  };

  const choose = () => {
    top = fewAtFirst();
    showRows();
  };
  for (const list of [label, predicted]) list.addEventListener('change', choose);
  find('look-all').addEventListener('click', () => {
    label.value = '';
    predicted.value = '';
    choose();
  });
  more.addEventListener('click', () => {
    top += moreEachTime;
    showRows();
  });
  find('details-close').addEventListener('click', () => find<HTMLDialogElement>('details').close());

  return {
    async open(folder) {
      turn++;
      const mine = ++storeTurn;
      const found = await (await jobs(false)).call('look', folder);
      if (mine !== storeTurn) return;
      top = fewAtFirst();
      for (const list of [label, predicted]) list.value = '';
      showOverview(found);
      section.hidden = false;
      await showRows();
      if (mine === storeTurn) void openSafely();
    },
    close() {
      turn++;
      storeTurn++;
      overview = null;
      section.hidden = true;
    },
    changed() {
      if (overview !== null && data() !== null) openSafely();
    },
  };
}

function hintFor(name: string): string {
  return `To see pictures, texts and names, choose the data as well that this store was made for (${forPage(name)}).`;
}

function chosenIn(list: HTMLSelectElement): number | null {
  return list.value === '' ? null : Number(list.value);
}

function fill(list: HTMLSelectElement, all: string, classes: readonly ClassCount[], kept: string): void {
  const options = classes.map(({ named, count }) =>
    make('option', { value: String(named.label) }, `${classInWords(named)} (${formatCount(count)})`),
  );
  list.replaceChildren(make('option', { value: '' }, all), ...options);
  list.value = classes.some(({ named }) => String(named.label) === kept) ? kept : '';
}
