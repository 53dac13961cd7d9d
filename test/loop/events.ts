import type { EvaluationEvent, StepEvent, TrainEvent } from '../../src/loop/events.ts';

/** A step that trained on two points; `more` says what matters to the test. */
export function stepEvent(step: number, more: Partial<StepEvent> = {}): StepEvent {
  return {
    type: 'step',
    step,
    seconds: step / 10,
    loss: 1,
    ids: [1, 2],
    corrupted: 0,
    learnt: 0,
    selectedLoss: null,
    otherLoss: null,
    nanCandidates: 0,
    ...more,
  };
}

/** The evaluation after a step, at four steps an epoch. */
export function evaluationEvent(step: number, accuracy: number, more: Partial<EvaluationEvent> = {}): EvaluationEvent {
  return {
    type: 'evaluation',
    step,
    seconds: step / 10,
    epochs: step / 4,
    accuracy,
    loss: 1 - accuracy,
    corruptedShare: null,
    learntShare: null,
    selectedLoss: null,
    otherLoss: null,
    ...more,
  };
}

/** An event without what is measured of time, which is all that may differ between two runs of the same choices. */
export function timeless(event: TrainEvent): object {
  if (event.type === 'step') return { ...event, seconds: 0, busy: null };
  if (event.type === 'start') return event;
  const { forwardSeconds, agreement, ...rest } = event;
  if (!agreement) return { ...rest, agreement, seconds: 0 };
  return { ...rest, seconds: 0, agreement: { ...agreement, exactSeconds: null } };
}
