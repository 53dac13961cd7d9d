import { RhoError } from '../../core/errors.ts';
import { listFolder } from '../../runtime/web/files.ts';
import { askBeforeLeaving } from '../askBeforeLeaving.ts';
import { folderOf, movedTo } from '../choose/paths.ts';
import type { PageContext } from '../context.ts';
import { button, make, moveFocus } from '../element.ts';
import type { Jobs } from '../jobs.ts';
import type { CompareRequest, NamedFile } from '../protocol.ts';
import { type KeptRun, keptRuns, newRunFolder } from '../run/keptRuns.ts';
import { type RunView, runView } from '../run/runView.ts';
import { isInSample, sample } from '../sample.ts';
import { storesFolder } from '../score/storeFolder.ts';
import type { KeptStore } from '../score/storeHandlers.ts';
import { forPage } from '../sentence.ts';
import { type Asked, type ModelKey, trainForm } from './form.ts';
import { keptTrainings, titleOf } from './keptTrainings.ts';
import { liveView } from './live.ts';

/** Seconds between checkpoints: a tab is closed sooner than a terminal. */
const checkpointEvery = 5;

/** A training as it is asked of the worker. */
interface Training extends CompareRequest {
  /** To be kept with the run before it begins. */
  readonly files: readonly NamedFile[];
  /** Folders whose files are to be kept so, too, by where they go. */
  readonly copies: ReadonlyMap<string, string>;
  /** Whether it was begun before, perhaps with data that the page has not been given this time. */
  readonly isOld?: boolean;
}

const nothingKept: Pick<Training, 'files' | 'copies'> = { files: [], copies: new Map() };

/** Fills the part of the page that trains RHO-LOSS beside uniform selection, on the data chosen, or on the sample. */
export function trainSection(root: HTMLElement, context: PageContext): void {
  if (root.querySelector('h2') === null) root.append(make('h2', { textContent: 'Train' }));
  const form = trainForm(
    () => context.checkData() && train(requestFor(form.read(), context)),
    () => abort?.abort(),
  );
  const status = make('p', { role: 'status', className: 'unseen' });
  const message = make('p', { role: 'alert', hidden: true });
  const choices = make('p', { className: 'actions' });
  const live = liveView({
    chosen: async (asked) => (await context.jobs(false)).call('chosen', asked),
    announce: (line) => {
      status.textContent = line;
    },
  });
  live.element.hidden = true;
  const result = make('div');
  const kept = keptTrainings({
    goOn: ({ options, folder }) => train({ ...nothingKept, options, folder, isOld: true }),
    show: (run) => show(run),
    remove: async ({ folder }) => {
      await (await context.jobs(false)).call('remove', folder);
      if (shown === folder) clear();
    },
    say: (sentence) => say(sentence),
    running: () => (abort === null ? null : shown),
    offered: () => offered,
  });
  root.append(form.element, status, message, choices, result, live.element, kept.element);
  let abort: AbortController | null = null;
  /** The folder of what can be gone on with above the list. */
  let offered: string | null = null;
  let view: RunView | null = null;
  /** The run that is seen, live or at its end. */
  let shown: string | null = null;

  /** Takes away what came of the training before. */
  function clear(): void {
    view?.close();
    view = null;
    shown = null;
    live.element.hidden = true;
    result.replaceChildren();
    choices.replaceChildren();
    message.hidden = true;
    offered = null;
  }

  async function train(training: Training): Promise<void> {
    if (abort !== null) return;
    const { folder, options, copies } = training;
    let jobs: Jobs | null = null;
    abort = new AbortController();
    const stopAsking = askBeforeLeaving();
    clear();
    shown = folder;
    form.setRunning(true);
    kept.setRunning(true);
    void kept.refresh();
    live.element.hidden = false;
    live.begin([], options);
    root.dataset.state = 'running';
    try {
      jobs = await context.jobs(isInSample(options.data, ...copies.values()));
      const files = [...training.files];
      for (const [to, from] of copies)
        for (const { path, file } of await jobs.call('files', from))
          files.push({ path: movedTo(to, from, path), file });
      if (files.length > 0) await jobs.call('keep', files);
      live.begin(await jobs.call('targets', folder), options);
      await jobs.call('compare', { folder, options }, { onNotice: live.take, signal: abort.signal });
      live.end();
      status.textContent = 'Making the report';
      await showFolder(training);
      live.yieldToReport();
      root.dataset.state = 'done';
    } catch (error) {
      live.end();
      await tell(error as Error, training, jobs?.hasEnded() ?? false);
      root.dataset.state = 'failed';
    } finally {
      abort = null;
      stopAsking();
      form.setRunning(false);
      kept.setRunning(false);
      await kept.refresh();
    }
  }

  async function show(run: KeptRun): Promise<void> {
    clear();
    void kept.refresh();
    try {
      await showFolder(run);
    } catch (error) {
      say((error as Error).message);
    }
  }

  async function showFolder({ options, folder }: Pick<Training, 'options' | 'folder'>): Promise<void> {
    const jobs = await context.jobs(false);
    const [opened, files] = [await jobs.call('openRun', folder), await jobs.call('files', folder)];
    view = runView(opened, { title: titleOf(options), folder, files });
    shown = folder;
    result.replaceChildren(view.element);
    status.textContent = opened.report?.headline.finding ?? '';
    moveFocus(root, view.heading);
  }

  function say(sentence: string, isFailure = true): void {
    message.hidden = false;
    message.className = isFailure ? 'failed' : '';
    message.textContent = forPage(sentence);
  }

  /** Says what has ended a training, and offers to go on where that may help. */
  async function tell(error: Error, training: Training, hasEnded: boolean): Promise<void> {
    const kind = error instanceof RhoError ? error.kind : null;
    const again =
      training.isOld && kind === 'data' && !isInSample(training.options.data)
        ? '; if it is on data of your own, choose them again and go on'
        : '';
    say(kind === null ? `Training stopped: ${error.message}` : error.message + again, kind !== 'interrupted');
    status.textContent = '';
    if (hasEnded) {
      const reload = button('Reload the page', () => location.reload());
      choices.replaceChildren(reload);
      moveFocus(root, reload);
      return;
    }
    const hasBegun = (await keptRuns()).some(({ folder }) => folder === training.folder);
    if (!hasBegun && kind !== 'interrupted') {
      live.element.hidden = true;
      await forget(training);
      return;
    }
    if (kind === 'diverged') return;
    offered = training.folder;
    const goOn = button('Go on', () => train({ ...training, ...nothingKept }));
    choices.replaceChildren(goOn);
    moveFocus(root, goOn);
  }

  /** Removes models that were kept for a run that has not begun. */
  async function forget({ folder, files, copies }: Training): Promise<void> {
    if (files.length + copies.size > 0) await (await context.jobs(false)).call('remove', folder);
  }

  let stores: readonly KeptStore[] = [];
  const setAvailable = () => form.setAvailable({ data: context.data(), model: context.model(), stores });
  const readStores = async () => {
    try {
      stores = await (await context.jobs(false)).call('usableLosses', null);
      setAvailable();
    } catch {
      // What is wrong with the worker is told where it is needed.
    }
  };
  context.onChosen(setAvailable);
  context.onStores(readStores);
  setAvailable();
  // A page that is only looked at starts no worker.
  void listFolder(storesFolder)
    .catch(() => [])
    .then((names) => (names.length > 0 ? readStores() : undefined));
  void kept.refresh();
}

/** What the form asks for, on the data chosen, or on the sample as `rho run` takes it. */
function requestFor({ settings, ownModels, chosenModels, losses }: Asked, context: PageContext): Training {
  const folder = newRunFolder(new Date());
  const files: NamedFile[] = [];
  const copies = new Map<string, string>();
  const models: Record<string, string> = {};
  // A folder for each: two models, or what lies beside them, may have one name.
  const placeOf = (key: ModelKey) => `${folder}/model/${key}`;
  for (const [key, chosen] of ownModels)
    for (const file of chosen) {
      const path = `${placeOf(key)}/${file.name}`;
      files.push({ path, file });
      if (file.name.endsWith('.onnx')) models[key] = path;
    }
  for (const key of chosenModels) {
    const { path } = context.model()!;
    copies.set(placeOf(key), folderOf(path));
    models[key] = movedTo(placeOf(key), folderOf(path), path);
  }
  const { dataSeed, ...data } = {
    ...(context.data()?.options ?? { data: sample.data }),
    ...(losses && madeFor(losses)),
  };
  const options = {
    ...data,
    ...settings,
    ...models,
    device: context.device(),
    threads: context.threads(),
    // What is quick comes first: the other grows beside its curve.
    strategies: ['uniform', 'rho'] as const,
    checkpointEvery,
    ...(dataSeed !== undefined && { dataSeeds: [dataSeed] }),
  };
  return { folder, files, copies, options };
}

/** The options that decide what the losses of a store are of, beside those that the form shows. */
function madeFor({ request }: KeptStore) {
  const { tokens = null, imageSize = null, preprocessing = null, dataSeed = 0 } = request.data;
  return { tokens, imageSize, preprocessing, dataSeed };
}
