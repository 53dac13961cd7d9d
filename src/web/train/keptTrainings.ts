import { make } from '../element.ts';
import { type KeptList, keptList } from '../keptList.ts';
import { dataName, type KeptRun, keptRuns } from '../run/keptRuns.ts';

/** The runs that the browser keeps, with what can be done with each. */
export interface KeptTrainings extends KeptList {
  readonly element: HTMLElement;
}

/** What the buttons of a run do. */
export interface KeptActions {
  readonly goOn: (run: KeptRun) => void;
  readonly show: (run: KeptRun) => void;
  readonly remove: (run: KeptRun) => Promise<void>;
  readonly say: (sentence: string) => void;
}

/** Makes the list of trainings, which is hidden while there are none. */
export function keptTrainings({ goOn, show, remove, say }: KeptActions): KeptTrainings {
  const list = make('ul', { className: 'kept' });
  const heading = make('summary', { textContent: 'Earlier trainings' });
  const element = make('details', { hidden: true }, heading, list);
  const read = async () => {
    const runs = await keptRuns();
    // What was interrupted is offered, not hidden.
    if (runs.some(({ isFinished }) => !isFinished)) element.open = true;
    return runs.map((run) => ({
      text: describe(run),
      first: { action: run.isFinished ? 'Show' : 'Go on', act: () => (run.isFinished ? show : goOn)(run) },
      remove: () => remove(run),
    }));
  };
  return { element, ...keptList({ list, block: element, heading, read, say }) };
}

function describe({ options, folder, isFinished }: KeptRun): string {
  const [, day, hours, minutes] = /(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)/.exec(folder) ?? [];
  const when =
    day === undefined
      ? ''
      : `, ${new Date(`${day}T${hours}:${minutes}Z`).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })}`;
  const length = options.steps === null ? `${options.epochs} passes` : `${options.steps} steps`;
  const model = options.model.split('/').at(-1);
  return `${dataName(options.data)}, ${model}, ${length}${when}${isFinished ? '' : ': interrupted'}`;
}
