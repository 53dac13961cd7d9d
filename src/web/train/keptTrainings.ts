import { dataName } from '../dataName.ts';
import { make } from '../element.ts';
import { type KeptList, keptList } from '../keptList.ts';
import type { CompareRequest } from '../protocol.ts';
import { type KeptRun, keptRuns } from '../run/keptRuns.ts';
import { whenInWords } from '../whenInWords.ts';

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
  /** The folder of the training that goes on now, which is no earlier one; null for none. */
  readonly running: () => string | null;
  /** The folder of the one that can be gone on with above the list. */
  readonly offered: () => string | null;
}

/** Makes the list of trainings, which is hidden while there are none. */
export function keptTrainings({ goOn, show, remove, say, running, offered }: KeptActions): KeptTrainings {
  const list = make('ul', { className: 'kept' });
  const heading = make('summary', { textContent: 'Earlier trainings' });
  const element = make('details', { hidden: true }, heading, list);
  const read = async () => {
    const runs = (await keptRuns()).filter(({ folder }) => folder !== running());
    // What was interrupted is offered, not hidden.
    if (runs.some(({ isFinished }) => !isFinished)) element.open = true;
    return runs.map((run) => ({
      text: describe(run),
      first:
        run.folder === offered()
          ? null
          : { action: run.isFinished ? 'Show' : 'Go on', act: () => (run.isFinished ? show : goOn)(run) },
      remove: () => remove(run),
    }));
  };
  return { element, ...keptList({ list, block: element, heading, read, say }) };
}

function describe({ options, folder, isFinished, hasIl }: KeptRun): string {
  const [, day, hours, minutes] = /(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)/.exec(folder) ?? [];
  const when = day === undefined ? '' : `, ${whenInWords(new Date(`${day}T${hours}:${minutes}Z`))}`;
  const state = isFinished
    ? ''
    : hasIl
      ? ': interrupted'
      : ': interrupted while its IL model was trained, which begins anew';
  return `${titleOf(options)}${when}${state}`;
}

/** What a training is known by: "MNIST sample, mlp:64, 300 steps". */
export function titleOf({ data, model, steps, epochs }: CompareRequest['options']): string {
  const length = steps == null ? `${epochs} passes` : `${steps} steps`;
  return `${dataName(data)}, ${(model ?? '').split('/').at(-1)}, ${length}`;
}
