import { make } from '../element.ts';
import type { NamedFile } from '../protocol.ts';
import type { OpenedRun } from './openRunFolder.ts';
import { runCharts } from './runCharts.ts';

/** A run as it is shown at its end. */
export interface RunView {
  readonly element: HTMLElement;
  /** Its name, to move the focus to. */
  readonly heading: HTMLElement;
  /** Gives up what the browser holds for its links. */
  close(): void;
}

/** What a run is called, and its files, with the folder that they lie in. */
export interface RunFiles {
  readonly title: string;
  readonly folder: string;
  readonly files: readonly NamedFile[];
}

/** Shows a run: its files to download, and its report, which has all the figures; one that is not finished as far as it came. */
export function runView({ targets, report }: OpenedRun, { title, folder, files }: RunFiles): RunView {
  const urls: string[] = [];
  const urlOf = (file: Blob) => {
    urls.push(URL.createObjectURL(file));
    return urls.at(-1)!;
  };
  const link = (name: string, file: Blob) =>
    make('li', {}, make('a', { href: urlOf(file), download: name, textContent: name }));
  const named = files
    .map(({ path, file }) => ({ name: path.slice(folder.length + 1), file }))
    .filter(({ name }) => !/^checkpoints\/|\/checkpoints\/|\.tmp$|^report\.html$/.test(name));
  const isFirst = (name: string) => /(^|\/)(target\.onnx|events\.jsonl)$/.test(name);
  const links = (which: typeof named) => which.map(({ name, file }) => link(name.replaceAll('/', '-'), file));
  const first = [
    ...(report === null ? [] : [link('report.html', report.html)]),
    ...links(named.filter(({ name }) => isFirst(name))),
  ];
  const rest = links(named.filter(({ name }) => !isFirst(name)));
  const heading = make('h3', { tabIndex: -1, textContent: title });
  const element = make('div', { className: 'run-report' }, heading);
  if (report === null)
    element.append(make('p', {}, 'This run is not finished: its curves end where it was interrupted.'));
  if (first.length > 0)
    element.append(make('ul', { className: 'downloads', ariaLabel: 'Files of this run' }, ...first));
  if (rest.length > 0)
    element.append(
      make(
        'details',
        {},
        make('summary', { textContent: 'More files' }),
        make('ul', { className: 'downloads' }, ...rest),
      ),
    );
  if (report === null) {
    const charts = runCharts();
    charts.draw(targets, null);
    element.append(charts.element);
  } else element.append(reportFrame(report.title, urlOf(report.html)));
  const close = () => {
    for (const url of urls) URL.revokeObjectURL(url);
  };
  return { element, heading, close };
}

/** The report in a frame as high as it is, in the colours of the page. It has no scripts, and could run none. */
function reportFrame(title: string, src: string): HTMLElement {
  const frame = make('iframe', { title: `Report: ${title}`, className: 'report', src });
  frame.setAttribute('sandbox', 'allow-same-origin allow-popups');
  frame.addEventListener('load', () => {
    const body = frame.contentDocument?.body;
    if (!body) return;
    new ResizeObserver(() => {
      frame.style.height = `${Math.ceil(body.getBoundingClientRect().height)}px`;
    }).observe(body);
  });
  return frame;
}
