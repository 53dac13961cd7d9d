import { formatCount, formatLoss, formatSeconds } from '../../report/format.ts';
import type { StoreManifest } from '../../store/manifest.ts';
import { askBeforeLeaving } from '../askBeforeLeaving.ts';
import type { ChooseSection } from '../choose/chooseSection.ts';
import { find, make, moveFocus } from '../element.ts';
import { failure } from '../failure.ts';
import type { Jobs } from '../jobs.ts';
import { progressLine } from '../progressLine.ts';
import type { Notice, ScoreRequest } from '../protocol.ts';
import { forPage } from '../sentence.ts';
import type { DeviceChoice } from './deviceChoice.ts';
import { keptScorings } from './keptScorings.ts';
import { storeFolder } from './storeFolder.ts';

/** What scoring needs from the rest of the page. */
export interface ScoreHooks {
  readonly choose: Pick<ChooseSection, 'model' | 'data' | 'logits' | 'check'>;
  readonly devices: DeviceChoice;
  readonly jobs: (needsSample: boolean) => Promise<Jobs>;
  /** Shows a store that is whole. */
  readonly show: (folder: string) => Promise<void>;
  /** Told of a store that is gone. */
  readonly removed: (folder: string) => void;
  /** Told when there may be other stores than before. */
  readonly storesChanged: () => void;
}

/** The part of the page that scores. */
export interface ScoreSection {
  /** Model or data are others than before. */
  readonly changed: () => void;
}

/** Scores what is chosen, or goes on with what was interrupted, and says how far it is. */
export function scoreSection({ choose, devices, jobs, show, removed, storesChanged }: ScoreHooks): ScoreSection {
  const [score, cancel] = [find<HTMLButtonElement>('score'), find<HTMLButtonElement>('cancel')];
  const [status, notes, missing] = [find('status'), find('notes'), find('missing')];
  const [progress, bar, line] = [find('progress'), find<HTMLProgressElement>('bar'), find('progress-line')];
  let running: AbortController | null = null;

  const say = (state: 'running' | 'done' | 'failed', text: string) => {
    status.textContent = text;
    status.dataset.state = state;
  };
  const changed = () => {
    const [model, data] = [choose.model(), choose.data()];
    const lacks =
      model === null
        ? data === null
          ? 'Choose a model and data first.'
          : 'Choose a model first.'
        : 'Choose data first.';
    const isMissing = model === null || data === null;
    score.disabled = isMissing || running !== null;
    missing.textContent = isMissing ? lacks : '';
    missing.hidden = !isMissing;
  };
  const onNotice = (notice: Notice) => {
    if (notice.kind === 'line') notes.append(make('li', {}, `${forPage(notice.line)}.`));
    if (notice.kind !== 'progress') return;
    const { done, total } = notice.progress;
    bar.max = Math.max(1, total);
    bar.value = done;
    line.textContent = progressLine(notice.progress, { withShare: true });
  };

  const run = async (request: ScoreRequest, needsSample: boolean) => {
    running = new AbortController();
    const stopAsking = askBeforeLeaving();
    changed();
    kept.setRunning(true);
    cancel.disabled = false;
    // What is used up by now: the button that began it, here or in the list.
    moveFocus(cancel.closest('section')!, cancel);
    notes.replaceChildren();
    bar.removeAttribute('value');
    line.textContent = 'Reading model and data …';
    progress.hidden = false;
    say('running', 'Scoring has begun.');
    try {
      const ready = await jobs(needsSample);
      const { manifest, scored, seconds } = await ready.call('score', request, { onNotice, signal: running.signal });
      await show(request.folder);
      say('done', outcome(manifest, scored, seconds));
    } catch (error) {
      say('failed', failure(error));
    } finally {
      running = null;
      stopAsking();
      progress.hidden = true;
      moveFocus(cancel, status);
      cancel.disabled = true;
      changed();
      kept.setRunning(false);
      kept.refresh();
    }
  };

  const kept = keptScorings({
    jobs,
    show: async (folder) => {
      await show(folder).catch((error) => say('failed', failure(error)));
    },
    goOn: (request, needsSample) => {
      if (running === null) run(request, needsSample);
    },
    removed,
    listed: storesChanged,
    say: (text) => say('failed', text),
  });

  score.addEventListener('click', async () => {
    const [model, data] = [choose.model(), choose.data()];
    if (model === null || data === null || running !== null || !choose.check()) return;
    const options = { device: devices.device(), logits: choose.logits() };
    const identity = [model.identity, data.identity, data.options, options];
    const folder = await storeFolder(`${data.name}-${options.device}`, identity);
    const request = {
      model: model.path,
      data: data.options,
      options: { ...options, threads: devices.threads() },
      folder,
    };
    run(request, model.isSample || data.isSample);
  });
  cancel.addEventListener('click', () => {
    running?.abort();
    moveFocus(cancel, status);
    cancel.disabled = true;
    say('running', 'Stopping after the batch that is under way.');
  });
  changed();
  kept.lookForEarlier();
  return { changed };
}

function outcome({ count, statistics }: StoreManifest, scored: number, seconds: number): string {
  const { meanLoss, accuracy } = statistics;
  const how = scored === 0 ? 'all scored before' : `${formatCount(scored)} scored in ${formatSeconds(seconds)}`;
  const right = accuracy === null ? '' : `, ${(100 * accuracy).toFixed(1)}% predicted as labelled`;
  return `${formatCount(count)} examples, ${how}, mean loss ${formatLoss(meanLoss)}${right}.`;
}
