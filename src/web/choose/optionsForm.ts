import type { DataOptions } from '../../jobs/experiment.ts';
import type { FormatOption } from './recognisedData.ts';

/** Options of data that have a field on the page. */
type FieldName = 'holdout' | 'noise' | 'dataSeed' | 'tokens' | 'imageSize' | 'preprocessing';
/** Values of fields; null empties one. */
export type FieldValues = { readonly [Name in FieldName]?: DataOptions[Name] | null };

const texts = ['holdout', 'noise', 'preprocessing'] as const;
const numbers = ['dataSeed', 'tokens', 'imageSize'] as const;

/** The fields of the options. An empty one is as on the command line, which its placeholder tells. */
export interface OptionsForm {
  readonly values: () => Partial<DataOptions>;
  /** The value of the model that holds its logits; null has it found. */
  readonly logits: () => string | null;
  /** Fills fields in with what goes with a model or with data, in place of what went with others; what the user has typed since stays. */
  readonly take: (values: FieldValues) => void;
  /** What is not as on the command line, for people: "Holdout even-odd, Label noise flip:0.4". */
  readonly summary: () => string;
  /** Whether all that is typed can be used; where not, the browser says so beside the field. */
  readonly check: () => boolean;
  /** Shows the fields that the format has. */
  readonly show: (takes: readonly FormatOption[]) => void;
}

/** Reads and fills a form whose fields are named like the options; `changed` is called where the user has changed one. */
export function optionsForm(form: HTMLFormElement, changed: () => void): OptionsForm {
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  /** What was filled in, and by nobody typed. */
  let taken: FieldValues = {};
  form.addEventListener('submit', (event) => event.preventDefault());
  // What is wrong in a closed <details> could not be shown.
  form.addEventListener('invalid', () => form.closest('details')?.setAttribute('open', ''), true);
  form.addEventListener('change', changed);
  return {
    values() {
      const values: Record<string, string | number> = {};
      for (const name of texts) if (field(name).value.trim() !== '') values[name] = field(name).value.trim();
      for (const name of numbers) {
        const { valueAsNumber } = field(name);
        const isShown = field(name).closest('[hidden]') === null;
        if (isShown && Number.isInteger(valueAsNumber)) values[name] = valueAsNumber;
      }
      return values as Partial<DataOptions>;
    },
    logits: () => field('logits').value.trim() || null,
    take(values) {
      for (const [name, value] of Object.entries(taken)) if (field(name).value === typed(value)) field(name).value = '';
      for (const [name, value] of Object.entries(values)) field(name).value = typed(value);
      taken = values;
    },
    summary: () =>
      [...form.querySelectorAll('label')]
        .filter(({ hidden }) => !hidden)
        .map((label) => ({
          name: label.firstChild!.textContent!.trim(),
          value: label.querySelector('input')!.value.trim(),
        }))
        .flatMap(({ name, value }) => (value === '' ? [] : `${name} ${value}`))
        .join(', '),
    check: () => form.reportValidity(),
    show(takes) {
      for (const element of form.querySelectorAll<HTMLElement>('[data-for]')) {
        const isShown = takes.includes(element.dataset.for as FormatOption);
        element.hidden = !isShown;
        // What is not shown is not checked.
        element.querySelector('input')!.disabled = !isShown;
      }
    },
  };
}

function typed(value: string | number | null | undefined): string {
  return value == null ? '' : String(value);
}
