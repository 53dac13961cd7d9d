import { make } from '../element.ts';
import { type ColumnsAnswer, type ColumnsQuestion, withColumns } from './columns.ts';
import { nameOf } from './paths.ts';

/** Asks in `form` which columns hold text and label, and hands over the table with these. */
export function askColumns(form: HTMLFormElement, question: ColumnsQuestion, use: (table: Blob) => void): void {
  const { columns, guess, format, file } = question;
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
  const first = format === 'jsonl' ? [] : [make('label', {}, header, ' The first row names the columns')];
  form.replaceChildren(
    make('p', {}, `Which columns of ${nameOf(file.path)} hold the texts and their labels?`),
    make('label', {}, 'Text ', text),
    make('label', {}, 'Label ', label),
    ...first,
    make('button', { type: 'submit', className: 'primary' }, 'Use these columns'),
  );
  form.hidden = false;
  form.onsubmit = async (event) => {
    event.preventDefault();
    const answer: ColumnsAnswer = { text: Number(text.value), label: Number(label.value), isHeader: header.checked };
    text.setCustomValidity(answer.text === answer.label ? 'Text and label are to be two columns.' : '');
    if (!form.reportValidity()) return;
    use(await withColumns(question, answer));
    form.hidden = true;
  };
  for (const list of [text, label]) list.addEventListener('change', () => text.setCustomValidity(''));
}
