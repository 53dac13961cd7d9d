import { make } from '../element.ts';
import type { ColumnsAnswer } from './columns.ts';
import type { DataQuestion } from './recognisedData.ts';

/** Asks in `form` which columns hold examples and labels. */
export function askColumns(form: HTMLFormElement, question: DataQuestion, use: (answer: ColumnsAnswer) => void): void {
  const { columns, guess, about, examples, mayLackHeader } = question;
  const choice = (chosen: number) =>
    make(
      'select',
      {},
      ...columns.map((name, at) =>
        make('option', { value: String(at), selected: at === chosen }, `${at + 1}: ${name.slice(0, 40)}`),
      ),
    );
  const [text, label] = [choice(guess.text), choice(guess.label)];
  const header = make('input', { type: 'checkbox', checked: guess.isHeader });
  const first = !mayLackHeader ? [] : [make('label', {}, header, ' The first row names the columns')];
  form.replaceChildren(
    make('p', {}, `Which columns of ${about} hold the examples and their labels?`),
    make('label', {}, `${examples} `, text),
    make('label', {}, 'Label ', label),
    ...first,
    make('button', { type: 'submit', className: 'primary' }, 'Use these columns'),
  );
  form.hidden = false;
  form.onsubmit = (event) => {
    event.preventDefault();
    const answer: ColumnsAnswer = { text: Number(text.value), label: Number(label.value), isHeader: header.checked };
    text.setCustomValidity(answer.text === answer.label ? `${examples} and label are to be two columns.` : '');
    if (!form.reportValidity()) return;
    use(answer);
  };
  for (const list of [text, label]) list.addEventListener('change', () => text.setCustomValidity(''));
}
