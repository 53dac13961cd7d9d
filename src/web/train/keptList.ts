import { button, make } from '../element.ts';
import { dataName, type KeptRun, keptRuns } from '../run/keptRuns.ts';

/** The runs that the browser keeps, with what can be done with each. */
export interface KeptList {
  readonly element: HTMLElement;
  /** Looks again what there is. */
  refresh(): Promise<void>;
  setRunning(isRunning: boolean): void;
}

/** What the buttons of a run do. */
export interface KeptActions {
  readonly goOn: (run: KeptRun) => void;
  readonly show: (run: KeptRun) => void;
  readonly remove: (run: KeptRun) => Promise<void>;
}

/** Makes the list, which is hidden while there are none. */
export function keptList(actions: KeptActions): KeptList {
  const list = make('ul', { className: 'kept' });
  const summary = make('summary', { textContent: 'Earlier trainings' });
  const element = make('details', { hidden: true }, summary, list);
  let isRunning = false;
  const apply = () => {
    for (const each of list.querySelectorAll('button')) each.disabled = isRunning;
  };
  async function refresh(): Promise<void> {
    const runs = await keptRuns();
    list.replaceChildren(...runs.map(row));
    element.hidden = runs.length === 0;
    // What was interrupted is offered, not hidden.
    if (runs.some(({ isFinished }) => !isFinished)) element.open = true;
    apply();
  }
  function row(run: KeptRun): HTMLElement {
    const text = describe(run);
    const act = run.isFinished ? button('Show', () => actions.show(run)) : button('Go on', () => actions.goOn(run));
    const remove = button('Remove', async () => {
      await actions.remove(run);
      await refresh();
      summary.focus();
    });
    for (const each of [act, remove]) each.ariaLabel = `${each.textContent}: ${text}`;
    return make('li', {}, make('span', { textContent: text }), act, remove);
  }
  return {
    element,
    refresh,
    setRunning(now) {
      isRunning = now;
      apply();
    },
  };
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
