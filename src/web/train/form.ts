import type { ChosenData } from '../context.ts';
import { make } from '../element.ts';
import { sample } from '../sample.ts';
import {
  type Field,
  firstFields,
  type Kind,
  models,
  otherFields,
  readTyped,
  type Settings,
  usualValue,
} from './fields.ts';

/** What was asked for in the form. */
export interface Asked {
  readonly settings: Settings;
  /** Models of the user's own by the setting that each is for, with the files that lie beside them. */
  readonly ownModels: ReadonlyMap<'model' | 'ilModel', readonly File[]>;
}

/** The form that a training is asked for in. */
export interface TrainForm {
  readonly element: HTMLFormElement;
  /** What is typed now; the browser has checked it. */
  read(): Asked;
  /** Other data have other defaults: settings that nobody has changed follow them. */
  setData(data: ChosenData | null): void;
  setRunning(isRunning: boolean): void;
}

interface Control {
  readonly field: Field;
  readonly input: HTMLInputElement | HTMLSelectElement;
  /** For a model of the user's own; null for a setting that is no model. */
  readonly files: HTMLInputElement | null;
}

const ownModel = 'own';

/** Makes the form; `start` is called when it is sent, `cancel` to stop what is under way. */
export function trainForm(start: () => void, cancel: () => void): TrainForm {
  const controls = new Map<Field, Control>();
  const row = (field: Field) => {
    const { control, element } = controlFor(field);
    controls.set(field, control);
    return element;
  };
  const note = make('p', { className: 'quiet' });
  const go = make('button', { type: 'submit', className: 'primary', textContent: 'Train' });
  const stop = make('button', { type: 'button', textContent: 'Cancel', disabled: true, onclick: cancel });
  const more = make('details', {}, make('summary', { textContent: 'More settings' }), grid(otherFields.map(row)));
  const fields = make(
    'fieldset',
    {},
    make('legend', { className: 'unseen', textContent: 'Training' }),
    grid(firstFields.map(row)),
    more,
  );
  const element = make(
    'form',
    { className: 'train-form' },
    note,
    fields,
    make('p', { className: 'actions' }, go, stop),
  );
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    start();
  });
  // What is wrong in a closed <details> could not be shown.
  element.addEventListener(
    'invalid',
    ({ target }) => more.contains(target as Node) && more.setAttribute('open', ''),
    true,
  );
  const typed = ({ input }: Control) => input.value;
  const form: TrainForm = {
    element,
    read() {
      const settings: Record<string, unknown> = {};
      const ownModels = new Map<'model' | 'ilModel', readonly File[]>();
      for (const [{ key, kind }, control] of controls) {
        settings[key] = readTyped(kind, typed(control));
        if (kind === 'model' && typed(control) === ownModel)
          ownModels.set(key as 'model' | 'ilModel', [...(control.files!.files ?? [])]);
      }
      return { settings: settings as unknown as Settings, ownModels };
    },
    setData(data) {
      const isSample = data === null || data.options.data === sample.data;
      note.textContent =
        data === null
          ? 'No data chosen: trains on the MNIST sample, two fifths of whose labels are made wrong.'
          : `Trains on ${data.name}.`;
      for (const [{ key }, { input }] of controls) {
        const own = !isSample && key in data.options ? String(data.options[key as keyof typeof data.options]) : null;
        const usual = own ?? usualValue(key, isSample);
        if (input.dataset.changed === undefined) input.value = usual;
      }
    },
    setRunning(isRunning) {
      fields.disabled = isRunning;
      stop.disabled = !isRunning;
      // What is disabled loses the focus to nowhere.
      if (isRunning && document.activeElement === go) stop.focus();
      go.disabled = isRunning;
    },
  };
  form.setData(null);
  return form;
}

function grid(rows: readonly HTMLElement[]): HTMLElement {
  return make('div', { className: 'fields' }, ...rows);
}

function controlFor(field: Field): { readonly control: Control; readonly element: HTMLElement } {
  const input = field.kind === 'model' ? modelSelect() : textInput(field.kind);
  const hint = make('span', { className: 'hint', id: `train-${field.key}-hint`, textContent: field.hint });
  const label = make('label', { htmlFor: `train-${field.key}`, textContent: field.label });
  input.id = `train-${field.key}`;
  input.name = field.key;
  input.setAttribute('aria-describedby', hint.id);
  input.addEventListener('input', () => {
    input.dataset.changed = '';
  });
  if (field.kind !== 'model')
    return { control: { field, input, files: null }, element: make('div', {}, label, input, hint) };
  const files = make('input', {
    type: 'file',
    multiple: true,
    hidden: true,
    ariaLabel: `${field.label}, an .onnx file`,
  });
  files.accept = '.onnx,.data,.bin';
  const check = () => {
    files.hidden = input.value !== ownModel;
    const models = [...(files.files ?? [])].filter(({ name }) => name.endsWith('.onnx'));
    files.setCustomValidity(
      files.hidden || models.length === 1 ? '' : 'Choose one .onnx file, and what lies beside it',
    );
  };
  for (const each of [input, files]) each.addEventListener('change', check);
  return { control: { field, input, files }, element: make('div', {}, label, input, files, hint) };
}

function modelSelect(): HTMLSelectElement {
  const options = [...models, [ownModel, 'a model of your own (.onnx)'] as const];
  return make('select', {}, ...options.map(([value, textContent]) => make('option', { value, textContent })));
}

const listOf = (one: string) => `\\s*${one}\\s*(,\\s*${one}\\s*)*`;

function textInput(kind: Kind): HTMLInputElement {
  const input = make('input', { required: true, autocomplete: 'off' });
  if (kind === 'whole') Object.assign(input, { type: 'number', min: '1', step: '1', inputMode: 'numeric' });
  if (kind === 'number') Object.assign(input, { type: 'number', min: '1e-12', step: 'any', inputMode: 'decimal' });
  if (kind === 'wholes') Object.assign(input, { pattern: listOf('\\d{1,15}'), title: 'Whole numbers, as 0, 1, 2' });
  if (kind === 'shares')
    Object.assign(input, {
      pattern: listOf('(?:1|0?\\.\\d*[1-9]\\d*)'),
      title: 'Accuracies above 0, up to 1, as 0.85, 0.9',
    });
  return input;
}
