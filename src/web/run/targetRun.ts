import type { EvaluationEvent, StepEvent, TrainEvent } from '../../loop/events.ts';

/** A target that is trained or was, as far as the page draws it. */
export interface TargetRun {
  /** Of its run. */
  readonly folder: string;
  readonly strategy: string;
  readonly seed: number;
  readonly evaluations: readonly EvaluationEvent[];
  /** Null before the first. */
  readonly lastStep: StepEvent | null;
}

/** A target of which nothing is known but where it is written: its folder is named after its strategy. */
export function newTarget(folder: string): TargetRun {
  const [, strategy = 'target', seed = '0'] = /([^/]+?)(?:-seed-(\d+))?\/*$/.exec(folder) ?? [];
  return { folder, strategy, seed: Number(seed), evaluations: [], lastStep: null };
}

/** The target with more events. A run that goes on from a checkpoint makes steps again: what was known of those is replaced. */
export function withEvents(target: TargetRun, events: readonly TrainEvent[]): TargetRun {
  let { strategy, seed, lastStep } = target;
  const evaluations = [...target.evaluations];
  for (const event of events) {
    const from = event.type === 'start' ? 0 : event.step;
    while (evaluations.length > 0 && evaluations.at(-1)!.step >= from) evaluations.pop();
    if (event.type === 'evaluation') evaluations.push(event);
    else if (event.type === 'step') lastStep = event;
    else {
      strategy = event.strategy;
      seed = event.seed;
      lastStep = null;
    }
  }
  return { ...target, strategy, seed, evaluations, lastStep };
}
