import { formatCount } from '../../report/format.ts';
import { strategyColours } from '../../report/palette.ts';
import { make } from '../element.ts';
import { progressLine } from '../progressLine.ts';
import type { Notice, ProgressNotice } from '../protocol.ts';
import { runCharts } from '../run/runCharts.ts';
import { newTarget, type TargetRun, withEvents } from '../run/targetRun.ts';
import { forPage } from '../sentence.ts';
import type { TrainCalls } from './messages.ts';
import { mostShown, type SelectedPanel, selectedPanel } from './selected.ts';

/** What is seen of a training while it goes on. */
export interface LiveView {
  readonly element: HTMLElement;
  /** Shows a training from its beginning, or from where it goes on. */
  begin(targets: readonly TargetRun[], steps: number | null): void;
  /** Takes what the job tells. */
  take(notice: Notice): void;
  /** Draws what is left to be drawn. */
  end(): void;
}

/** Where the view gets what it does not know, and says what everybody has to hear. */
export interface LiveOptions {
  readonly chosen: TrainCalls['chosen'];
  /** Told a line at the beginning of each part and at each quarter of it. */
  readonly announce: (line: string) => void;
}

/** Milliseconds between two drawings, and between two selections that are shown: eyes and phones need no more. */
const drawEvery = 250;
const showEvery = 600;

/** Makes the view, with nothing in it yet. */
export function liveView({ chosen, announce }: LiveOptions): LiveView {
  const bar = make('progress', { max: 1, value: 0, ariaLabel: 'Progress of this part' });
  const line = make('p', { className: 'progress-line' });
  const charts = runCharts();
  const selections = make('div', { className: 'selections' });
  const lines = make('ul');
  const messages = make('details', { hidden: true }, make('summary', { textContent: 'Messages' }), lines);
  const element = make('div', { className: 'live' }, line, bar, charts.element, selections, messages);

  let targets: readonly TargetRun[] = [];
  let steps: number | null = null;
  let progress: ProgressNotice | null = null;
  let quarter = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drawnAt = 0;

  const draw = () => {
    timer = undefined;
    drawnAt = performance.now();
    charts.draw(targets, steps);
    if (progress !== null) {
      line.textContent = progressLine(progress);
      bar.value = progress.total > 0 ? progress.done / progress.total : 0;
    }
    selected.show(targets);
  };
  const drawSoon = () => {
    timer ??= setTimeout(draw, Math.max(0, drawnAt + drawEvery - performance.now()));
  };
  const hear = (told: ProgressNotice) => {
    progress = told;
    const passed = told.total > 0 ? Math.floor((4 * told.done) / told.total) : 0;
    const now = `${told.label} ${told.finished ? 4 : passed}`;
    if (now === quarter) return;
    quarter = now;
    announce(`${told.label}: ${formatCount(told.done)} of ${formatCount(told.total)}${told.note && `, ${told.note}`}`);
  };
  const selected = selectedPanels(selections, chosen);

  return {
    element,
    begin(known, length) {
      targets = known;
      steps = length;
      progress = null;
      quarter = '';
      line.textContent = 'Opening the data';
      bar.removeAttribute('value');
      lines.replaceChildren();
      messages.hidden = true;
      selected.clear();
      draw();
    },
    take(notice) {
      if (notice.kind === 'line') {
        lines.append(make('li', { textContent: forPage(notice.line) }));
        messages.hidden = false;
      } else if (notice.kind === 'progress') hear(notice.progress);
      else {
        const known = targets.find(({ folder }) => folder === notice.folder);
        const next = withEvents(known ?? newTarget(notice.folder), notice.events);
        targets = known === undefined ? [...targets, next] : targets.map((each) => (each === known ? next : each));
      }
      drawSoon();
    },
    end() {
      clearTimeout(timer);
      draw();
      progress = null;
    },
  };
}

/** A panel for each strategy, which shows the last step that it has selected for. One question at a time goes to the worker. */
function selectedPanels(into: HTMLElement, chosen: LiveOptions['chosen']) {
  let panels = new Map<string, { readonly panel: SelectedPanel; shown: string }>();
  let targets: readonly TargetRun[] = [];
  let isAsking = false;
  let isWanted = false;

  /** The newest target of each strategy, where it has selected since it was shown. */
  const waiting = () =>
    targets.filter(({ strategy, folder, lastStep }, index) => {
      const isNewest =
        targets.findLastIndex((other) => other.strategy === strategy && other.lastStep !== null) === index;
      return isNewest && panels.get(strategy)?.shown !== `${folder} ${lastStep!.step}`;
    });

  async function ask(): Promise<void> {
    const asked = panels;
    isAsking = true;
    try {
      for (const target of waiting()) {
        const examples = await chosen({ folder: target.folder, ids: target.lastStep!.ids.slice(0, mostShown) });
        // The data are not open yet, or another training has begun.
        if (examples.length === 0 || asked !== panels) continue;
        const panel = panels.get(target.strategy) ?? add(target.strategy);
        panel.panel.show(target, examples);
        panel.shown = `${target.folder} ${target.lastStep!.step}`;
      }
    } catch {
      // What is wrong with the data, or the worker, the job itself will tell.
    }
    await new Promise((resolve) => setTimeout(resolve, showEvery));
    isAsking = false;
    if (isWanted) show(targets);
  }

  function show(now: readonly TargetRun[]): void {
    targets = now;
    isWanted = isAsking;
    if (!isAsking && waiting().length > 0) void ask();
  }

  function add(strategy: string) {
    const names = [...new Set(targets.map((target) => target.strategy))];
    const panel = { panel: selectedPanel(strategy, strategyColours(names)[strategy]!), shown: '' };
    panels.set(strategy, panel);
    into.append(panel.panel.element);
    return panel;
  }

  return {
    show,
    clear() {
      panels = new Map();
      into.replaceChildren();
    },
  };
}
