import type { EvaluationEvent, Quantiles } from '../loop/events.ts';
import { isNumber } from './format.ts';
import type { ReportData } from './reportData.ts';

/** The evaluations of one strategy: each run by itself and their mean. */
export interface History {
  readonly strategy: string;
  readonly runs: readonly (readonly EvaluationEvent[])[];
  readonly mean: readonly EvaluationEvent[];
}

/** A history per strategy that has runs, in the order of the strategies. */
export function histories(data: ReportData): History[] {
  return Object.keys(data.strategies)
    .map((strategy) => {
      const runs = data.runs.filter((run) => run.strategy === strategy).map((run) => run.evaluations);
      return { strategy, runs, mean: meanCurve(runs) };
    })
    .filter(({ runs }) => runs.length > 0);
}

/**
 * The mean of several runs at the steps where all of them were evaluated. A figure that one of them lacks is null, an
 * accuracy or loss that is not a number stays so.
 */
export function meanCurve(runs: readonly (readonly EvaluationEvent[])[]): EvaluationEvent[] {
  const [first, ...others] = runs.map((run) => new Map(run.map((event) => [event.step, event])));
  if (!first) return [];
  return [...first.values()].flatMap((event) => {
    const events = [event, ...others.map((run) => run.get(event.step))];
    return events.every((other) => other !== undefined) ? [meanEvent(events)] : [];
  });
}

function meanEvent(events: readonly EvaluationEvent[]): EvaluationEvent {
  return {
    type: 'evaluation',
    step: events[0]!.step,
    seconds: meanOf(events.map((event) => event.seconds)) ?? Number.NaN,
    epochs: meanOf(events.map((event) => event.epochs)) ?? Number.NaN,
    accuracy: meanOf(events.map((event) => event.accuracy)) ?? Number.NaN,
    loss: meanOf(events.map((event) => event.loss)) ?? Number.NaN,
    corruptedShare: meanOf(events.map((event) => event.corruptedShare)),
    learntShare: meanOf(events.map((event) => event.learntShare)),
    selectedLoss: meanQuantiles(events.map((event) => event.selectedLoss)),
    otherLoss: meanQuantiles(events.map((event) => event.otherLoss)),
  };
}

function meanOf(values: readonly (number | null)[]): number | null {
  if (!values.every(isNumber)) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanQuantiles(all: readonly (Quantiles | null)[]): Quantiles | null {
  const mean = (name: keyof Quantiles): number | null => meanOf(all.map((quantiles) => quantiles?.[name] ?? null));
  const [min, q25, median, q75, max] = [mean('min'), mean('q25'), mean('median'), mean('q75'), mean('max')];
  if (min === null || q25 === null || median === null || q75 === null || max === null) return null;
  return { min, q25, median, q75, max };
}
