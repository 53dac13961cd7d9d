import type { ChosenModel } from '../choose/chooseSection.ts';
import type { ChosenData } from '../context.ts';
import { make } from '../element.ts';
import { sample } from '../sample.ts';
import type { KeptStore } from '../score/storeHandlers.ts';
import {
  decidedByLosses,
  type Field,
  firstFields,
  type Kind,
  models,
  otherFields,
  readTyped,
  type Settings,
  usualValue,
  wanted,
} from './fields.ts';
import { type LossesChoice, lossesChoice } from './lossesChoice.ts';
import { noiseInWords } from './noiseInWords.ts';

/** Settings that are a model. */
export type ModelKey = 'model' | 'ilModel';

/** What was asked for in the form. */
export interface Asked {
  readonly settings: Settings;
  /** Models of the user's own by the setting that each is for, with the files that lie beside them. */
  readonly ownModels: ReadonlyMap<ModelKey, readonly File[]>;
  /** Settings for which the model that is chosen above is taken. */
  readonly chosenModels: readonly ModelKey[];
  /** The store that the irreducible losses are taken from; null where a model is trained for them. */
  readonly losses: KeptStore | null;
}

/** What the page has for a training. */
export interface Available {
  readonly data: ChosenData | null;
  readonly model: ChosenModel | null;
  /** Loss stores, of these data and of others. */
  readonly stores: readonly KeptStore[];
}

/** The form that a training is asked for in. */
export interface TrainForm {
  readonly element: HTMLFormElement;
  /** What is typed now; it has been checked. */
  read(): Asked;
  /** Other data have other defaults: settings that nobody has changed follow them. */
  setAvailable(available: Available): void;
  setRunning(isRunning: boolean): void;
}

interface Control {
  readonly field: Field;
  readonly input: HTMLInputElement | HTMLSelectElement;
  /** For a model of the user's own; null for a setting that is no model. */
  readonly files: HTMLInputElement | null;
  /** What is wrong with what is typed. */
  readonly problem: HTMLElement;
}

/** Values of a model that are no names of one. */
const [ownModel, chosenModel] = ['own', 'chosen'];

/** Makes the form; `start` is called when it is sent with nothing wrong in it, `cancel` to stop what is under way. */
export function trainForm(start: () => void, cancel: () => void): TrainForm {
  const controls: Control[] = [];
  const losses = lossesChoice();
  let available: Available = { data: null, model: null, stores: [] };
  const row = (field: Field) => {
    const { control, element } = controlFor(field, losses);
    controls.push(control);
    return element;
  };
  const note = make('p', { className: 'quiet', id: 'train-note' });
  const go = make('button', { type: 'submit', className: 'primary', textContent: 'Train' });
  const stop = make('button', { type: 'button', textContent: 'Cancel', disabled: true, onclick: cancel });
  const first = grid(firstFields.map(row));
  const more = make('details', {}, make('summary', { textContent: 'More settings' }), grid(otherFields.map(row)));
  const legend = make('legend', { className: 'unseen', textContent: 'Training' });
  const fields = make('fieldset', {}, legend, first, more);
  const actions = make('p', { className: 'actions' }, go, stop);
  const element = make('form', { className: 'train-form', noValidate: true }, note, fields, actions);

  const update = () => {
    const { data } = available;
    const isSample = data === null || data.options.data === sample.data;
    const store = losses.chosen();
    for (const { field, input, files } of controls) {
      const { key } = field;
      const isDecided = store !== null && decidedByLosses.has(key);
      input.disabled = isDecided;
      if (files !== null) files.disabled = isDecided;
      if (isDecided) delete input.dataset.changed;
      const given = isDecided ? store.request.data : isSample ? {} : (data?.options ?? {});
      const own = given[key as keyof typeof given];
      if (input.dataset.changed === undefined && key !== 'irreducible')
        input.value = own === undefined ? usualValue(key, isSample) : String(own);
      check({ input, files });
    }
    const noise = controls.find(({ field }) => field.key === 'noise')!.input.value;
    const what = data === null ? 'No data chosen: trains on the MNIST sample' : `Trains on ${data.name}`;
    note.textContent = `${what}, ${noiseInWords(noise)}.`;
  };
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const wrong = controls.filter((control) => !tellWrong(control));
    if (wrong.some(({ input }) => more.contains(input))) more.open = true;
    const [one] = wrong;
    if (one === undefined) start();
    else (one.files?.hidden === false ? one.files : one.input).focus();
  });
  element.addEventListener('input', ({ target }) => {
    const control = controls.find(({ input, files }) => input === target || files === target)!;
    control.input.dataset.changed = '';
    if (control.problem.textContent !== '') tellWrong(control);
    update();
  });
  const form: TrainForm = {
    element,
    read() {
      const settings: Record<string, unknown> = {};
      const ownModels = new Map<ModelKey, readonly File[]>();
      const chosenModels: ModelKey[] = [];
      for (const { field, input, files } of controls) {
        const key = field.key as ModelKey;
        settings[key] = readTyped(field.kind, input.value);
        if (field.kind !== 'model' || input.disabled) continue;
        if (input.value === ownModel) ownModels.set(key, [...(files!.files ?? [])]);
        if (input.value === chosenModel) chosenModels.push(key);
      }
      return { settings: settings as unknown as Settings, ownModels, chosenModels, losses: losses.chosen() };
    },
    setAvailable(now) {
      available = now;
      losses.offer(now.stores, now.data?.options.data ?? sample.data);
      for (const { field, input } of controls)
        if (field.kind === 'model') offerChosen(input as HTMLSelectElement, now.model);
      update();
    },
    setRunning(isRunning) {
      fields.disabled = isRunning;
      stop.disabled = !isRunning;
      // What is disabled loses the focus to nowhere.
      if (isRunning && document.activeElement === go) stop.focus();
      go.disabled = isRunning;
    },
  };
  form.setAvailable(available);
  return form;
}

function grid(rows: readonly HTMLElement[]): HTMLElement {
  return make('div', { className: 'fields' }, ...rows);
}

function controlFor(field: Field, losses: LossesChoice): { readonly control: Control; readonly element: HTMLElement } {
  const { key, kind } = field;
  const input = kind === 'losses' ? losses.element : kind === 'model' ? modelSelect() : textInput(kind);
  const hint = make('span', { className: 'hint', id: `train-${key}-hint`, textContent: field.hint });
  const problem = make('span', { className: 'wrong-value', id: `train-${key}-problem` });
  const label = make('label', { htmlFor: `train-${key}`, textContent: field.label });
  input.id = `train-${key}`;
  input.name = key;
  input.setAttribute('aria-describedby', `${hint.id} ${problem.id}`);
  const files = kind === 'model' ? modelFiles(field.label) : null;
  const element = make('div', {}, label, input, ...(files === null ? [] : [files]), hint, problem);
  if (kind === 'losses') element.className = 'wide';
  return { control: { field, input, files, problem }, element };
}

function modelSelect(): HTMLSelectElement {
  const options = [...models, [ownModel, 'another .onnx file'] as const];
  return make('select', {}, ...options.map(([value, textContent]) => make('option', { value, textContent })));
}

function modelFiles(label: string): HTMLInputElement {
  const files = make('input', { type: 'file', multiple: true, hidden: true, ariaLabel: `${label}, an .onnx file` });
  files.accept = '.onnx,.data,.bin';
  return files;
}

/** Offers the model that is chosen above among others, or takes that back. */
function offerChosen(select: HTMLSelectElement, model: ChosenModel | null): void {
  const isTaken = select.value === chosenModel;
  select.querySelector(`[value=${chosenModel}]`)?.remove();
  if (model !== null)
    select.lastElementChild!.before(
      make('option', { value: chosenModel!, textContent: `${model.name}, chosen above` }),
    );
  else if (isTaken) delete select.dataset.changed;
  if (isTaken && model !== null) select.value = chosenModel!;
}

/** Shows the files of a model of the user's own, and notes whether they are what is wanted. */
function check({ input, files }: Pick<Control, 'input' | 'files'>): void {
  if (files === null) return;
  files.hidden = input.value !== ownModel;
  const nets = [...(files.files ?? [])].filter(({ name }) => name.endsWith('.onnx'));
  files.setCustomValidity(files.hidden || nets.length === 1 ? '' : wanted('model', ''));
}

/** Says below a field what is wrong with what is typed; gives whether nothing is. */
function tellWrong({ field, input, files, problem }: Control): boolean {
  check({ input, files });
  const isRight = input.checkValidity() && (files?.checkValidity() ?? true);
  input.ariaInvalid = isRight ? null : 'true';
  problem.textContent = isRight ? '' : wanted(field.kind, usualValue(field.key, false));
  return isRight;
}

const listOf = (one: string) => `\\s*${one}\\s*(,\\s*${one}\\s*)*`;

function textInput(kind: Kind): HTMLInputElement {
  const input = make('input', { required: true, autocomplete: 'off' });
  if (kind === 'whole') Object.assign(input, { type: 'number', min: '1', step: '1', inputMode: 'numeric' });
  if (kind === 'number') Object.assign(input, { type: 'number', min: '1e-12', step: 'any', inputMode: 'decimal' });
  if (kind === 'wholes') input.pattern = listOf('\\d{1,15}');
  if (kind === 'shares') input.pattern = listOf('(?:1|0?\\.\\d*[1-9]\\d*)');
  return input;
}
