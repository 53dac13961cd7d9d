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
  readonly fill: (values: FieldValues) => void;
  /** Shows the fields that the format has. */
  readonly show: (takes: readonly FormatOption[]) => void;
}

/** Reads and fills a form whose fields are named like the options; `changed` is called where the user has changed one. */
export function optionsForm(form: HTMLFormElement, changed: () => void): OptionsForm {
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  form.addEventListener('submit', (event) => event.preventDefault());
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
    fill(values) {
      for (const [name, value] of Object.entries(values)) field(name).value = value == null ? '' : String(value);
    },
    show(takes) {
      for (const element of form.querySelectorAll<HTMLElement>('[data-for]'))
        element.hidden = !takes.includes(element.dataset.for as FormatOption);
    },
  };
}
