import { nameOf } from '../choose/paths.ts';
import { make } from '../element.ts';
import type { Jobs } from '../jobs.ts';
import type { NamedFile } from '../protocol.ts';
import { forPage } from '../sentence.ts';
import { type RunView, runView } from './runView.ts';

/** What is shown in an element now, whose links have to be given up before it shows something else. */
const shown = new WeakMap<HTMLElement, RunView>();

/**
 * Shows in `root` the run folder that `files` are of, such as one that the command line wrote: its report is made again. What is wrong with it stands
 * there as a sentence.
 */
export async function openRunSection(
  root: HTMLElement,
  ready: () => Promise<Jobs>,
  files: readonly NamedFile[],
): Promise<void> {
  const status = make('p', { role: 'status', textContent: 'Reading the run' });
  shown.get(root)?.close();
  root.replaceChildren(make('h2', { textContent: 'Run' }), status);
  try {
    const { folder, given } = runFolderOf(files);
    const jobs = await ready();
    await jobs.call('give', { folder: openedFolder, files: given });
    const view = runView(await jobs.call('openRun', folder), { title: nameOf(folder), folder, files: given });
    shown.set(root, view);
    status.remove();
    root.append(view.element);
    view.heading.focus();
  } catch (error) {
    status.className = 'failed';
    status.textContent = forPage((error as Error).message);
  }
}

const openedFolder = '/opened';

/** The run folder among files: the topmost that holds what only runs have, under a path that nothing else is given. */
export function runFolderOf(files: readonly NamedFile[]): {
  readonly folder: string;
  readonly given: readonly NamedFile[];
} {
  const marks = files
    .map(({ path }) => path)
    .filter((path) => /(^|\/)(report\.json|config\.json|events\.jsonl)$/.test(path))
    .sort((a, b) => a.split('/').length - b.split('/').length);
  const base = marks[0]?.replace(/[^/]+$/, '') ?? '';
  const name = base.split('/').findLast((part) => part !== '') ?? 'run';
  const folder = `${openedFolder}/${name}`;
  const given = files
    .filter(({ path }) => path.startsWith(base))
    .map(({ path, file }) => ({ path: `${folder}/${path.slice(base.length)}`, file }));
  return { folder, given };
}
