import { expect, test } from 'vitest';
import type { Busy, StartEvent, TrainEvent } from '../../src/loop/events.ts';
import { type LedgerTerms, ledgerOf } from '../../src/loop/ledger.ts';
import { evaluationEvent, stepEvent } from './events.ts';

function started(more: Partial<StartEvent> = {}): StartEvent {
  const made = { seed: 0, dataSeed: 0, data: 'd', test: 't', model: 'm' };
  const sizes = { bigBatch: 10, smallBatch: 2, threads: 2, scoreThreads: null };
  return { type: 'start', version: 1, strategy: 'rho', ...made, ...sizes, ...more };
}

/** Thirty steps: ten slow ones to warm up, then of `seconds` each; evaluated after the twentieth and the last. */
function run(
  start: StartEvent,
  { seconds, busy, accuracies }: { seconds: number; busy?: Busy; accuracies: [number, number] },
  exactSeconds?: number,
): TrainEvent[] {
  const at = (step: number) => (step <= 10 ? 2 * step : 20 + (step - 10) * seconds);
  const steps = Array.from({ length: 30 }, (_, index) =>
    stepEvent(index + 1, {
      seconds: at(index + 1),
      ...(busy && { busy: index < 10 ? { train: 9, score: 9, irreducible: 9, trainer: 9, beside: 9, both: 9 } : busy }),
    }),
  );
  const agreement = { spearman: 0.9, topTenthOverlap: 0.8, candidates: 10 };
  const evaluations = [20, 30].map((step, index) =>
    evaluationEvent(step, accuracies[index]!, {
      seconds: at(step),
      ...(exactSeconds !== undefined && {
        agreement: { ...agreement, spearman: 0.9 + 0.04 * index, exactSeconds },
      }),
    }),
  );
  return [start, ...steps.slice(0, 20), evaluations[0]!, ...steps.slice(20), evaluations[1]!];
}

/** All done by the trainer, one after the other. */
function byTrainer(train: number, score: number): Busy {
  return { train, score, irreducible: 0, trainer: train + score, beside: 0, both: 0 };
}

const exact = { form: 'exact', staleness: 0, refresh: 1 };
const uniformRun = run(started({ strategy: 'uniform' }), {
  seconds: 0.5,
  busy: byTrainer(0.4, 0),
  accuracies: [0.5, 0.9],
});
const serial = run(started({ scoring: exact }), {
  seconds: 1.25,
  busy: byTrainer(0.5, 0.75),
  accuracies: [0.9, 0.95],
});
const overlapped = run(
  started({ scoreThreads: 2, scoring: { form: 'int8', staleness: 1, refresh: 2 } }),
  {
    seconds: 0.75,
    busy: { train: 0.5, score: 0.6, irreducible: 0, trainer: 0.5, beside: 0.6, both: 0.4 },
    accuracies: [0.9, 0.95],
  },
  1,
);

function ledger(runs: TrainEvent[], more: Partial<LedgerTerms> = {}) {
  const irreducible = { seconds: 10, runs: 2 };
  return ledgerOf({ runs: [runs], uniform: [uniformRun], cores: 2, irreducible, targets: ['0.9'], ...more });
}

test('a step counts without the first ten, in seconds and in uniform steps', () => {
  const { secondsPerStep, uniformSecondsPerStep, uniformSteps } = ledger(serial);
  expect(secondsPerStep).toBeCloseTo(1.25, 12);
  expect(uniformSecondsPerStep).toBeCloseTo(0.5, 12);
  expect(uniformSteps).toBeCloseTo(2.5, 12);
});

test('a short run counts from its first step', () => {
  const short = [started(), stepEvent(1, { seconds: 3 }), stepEvent(2, { seconds: 4 })];
  expect(ledger(short).secondsPerStep).toBe(2);
});

test('overlap is what both did at once over the shorter side, waiting what a side does not work', () => {
  const { overlap, waiting, busy } = ledger(overlapped);
  expect(busy!.both).toBeCloseTo(0.4, 12);
  expect(overlap).toBeCloseTo(0.8, 12);
  expect(waiting!.trainer).toBeCloseTo(0.25, 12);
  // The scorer works for 0.2 s without the trainer, and for 0.05 s nobody works.
  expect(waiting!.forBeside).toBeCloseTo(0.2, 12);
  expect(waiting!.beside).toBeCloseTo(0.15, 12);
});

test('a trainer that scores has nothing to overlap with, and waits for neither of the two', () => {
  const { overlap, waiting, unknown } = ledger(serial);
  expect(overlap).toBeNull();
  expect(waiting!.trainer).toBeCloseTo(0, 12);
  expect(waiting!.beside).toBeNull();
  expect(unknown.overlap).toBe('nothing worked beside the trainer');
});

test('irreducible losses online work beside a trainer that scores, and are a cost of their own', () => {
  const online = run(started({ scoring: exact, onlineThreads: 1, threads: 1 }), {
    seconds: 1.25,
    busy: { train: 0.5, score: 0.5, irreducible: 1, trainer: 1, beside: 1, both: 0.9 },
    accuracies: [0.9, 0.95],
  });
  const { overlap, waiting, scored, trained } = ledger(online);
  expect(overlap).toBeCloseTo(0.9, 12);
  expect(waiting!.trainer).toBeCloseTo(0.25, 12);
  expect(waiting!.beside).toBeCloseTo(0.25, 12);
  // A candidate: 0.05 s for its training loss, which is the unit, and 0.1 for the irreducible one.
  expect(scored).toBeCloseTo(3, 12);
  expect(trained).toBeCloseTo(0.4 / 0.05, 12);
});

test('a step in one graph is told apart by what scoring the test set took', () => {
  const scoring = { ...exact, inOneGraph: true };
  const events = run(started({ scoring }), {
    seconds: 1.25,
    busy: byTrainer(1.25, 0),
    accuracies: [0.9, 0.95],
  }).map((event) => (event.type === 'evaluation' ? { ...event, forwardSeconds: 0.1 } : event));
  const { scored, trained } = ledger(events, { uniform: null });
  expect(scored).toBe(1);
  // 2.5 core-seconds, 10 forwards of 0.2 among them: the rest is for 2 examples.
  expect(trained).toBeCloseTo(0.25 / 0.2, 12);
  expect(ledger(events).trained).toBeCloseTo(0.4 / 0.2, 12);
  const untimed = events.map((event) => (event.type === 'evaluation' ? { ...event, forwardSeconds: 0 } : event));
  expect(ledger(untimed).unknown.scored).toBe('scoring was never timed apart from its steps');
});

test('exact scores of a part of the candidates are not the unit of cost', () => {
  const reused = run(
    started({ scoring: { ...exact, reuse: { count: 4, epochs: 4 } } }),
    { seconds: 0.75, busy: byTrainer(0.5, 0.3), accuracies: [0.9, 0.95] },
    1,
  );
  expect(ledger(reused).scored).toBeCloseTo(0.3, 12);
});

test('a shortlist that the trainer scores is work of the trainer, at its threads', () => {
  const scoring = { ...exact, staleness: 1, shortlist: 4 };
  const listed = run(
    started({ scoring, threads: 3, scoreThreads: 1 }),
    {
      seconds: 1,
      busy: { train: 0.5, score: 1, irreducible: 0, trainer: 0.7, beside: 0.8, both: 0.6 },
      accuracies: [0.9, 0.95],
    },
    1,
  );
  const { overlap, waiting, scored, trained } = ledger(listed, { cores: 4, uniform: null });
  expect(overlap).toBeCloseTo(0.6 / 0.7, 12);
  expect(waiting!.trainer).toBeCloseTo(0.3, 12);
  expect(waiting!.beside).toBeCloseTo(0.2, 12);
  // An exact forward: 1 s x 3 threads / 10. 0.2 s of 3 threads and 0.8 of one for 10 candidates, 0.5 s of 3 for 2 examples.
  expect(scored).toBeCloseTo(0.14 / 0.3, 12);
  expect(trained).toBeCloseTo(0.75 / 0.3, 12);
});

test('cores are those of the machine that the run began on', () => {
  const elsewhere = overlapped.map((event) => (event.type === 'start' ? { ...event, cores: 4 } : event));
  expect(ledger(elsewhere).scored).toBeCloseTo(ledger(overlapped, { cores: 4 }).scored!, 12);
});

test('exact scoring in the trainer costs one forward a candidate, which is the unit of training', () => {
  const { scored, trained, kept } = ledger(serial);
  expect(scored).toBe(1);
  // 0.75 s x 2 threads for 10 candidates is 0.15; uniform's 0.4 s x 2 for 2 examples is 0.4.
  expect(trained).toBeCloseTo(0.4 / 0.15, 12);
  expect(kept).toBe(0.2);
  // Without a uniform run its own 0.5 s counts.
  expect(ledger(serial, { uniform: null }).trained).toBeCloseTo(0.5 / 0.15, 12);
});

test('the scorer is measured against exact scoring timed alone, and has half of the cores while both work', () => {
  const { scored, trained } = ledger(overlapped);
  // An exact forward: 1 s x 2 threads / 10. Scoring: 0.2 s with two cores and 0.4 s with one, for 10 candidates.
  expect(scored).toBeCloseTo(0.08 / 0.2, 12);
  expect(trained).toBeCloseTo(0.4 / 0.2, 12);
  // On four cores nothing is shared.
  expect(ledger(overlapped, { cores: 4 }).scored).toBeCloseTo(0.12 / 0.2, 12);
});

test('scoring breaks even at t r (g - 1)', () => {
  const at = ledger(overlapped).targets['0.9']!;
  expect(at.stepGain).toBe(1.5);
  expect(at.breakEven).toBeCloseTo(2 * 0.2 * 0.5, 12);
});

test('agreement is the mean over the evaluations that have it, those that are not numbers left out', () => {
  const { agreement } = ledger(overlapped);
  expect(agreement!.spearman).toBeCloseTo(0.92, 12);
  expect(agreement!.topTenthOverlap).toBeCloseTo(0.8, 12);
  expect(agreement!.evaluations).toBe(2);
  const undefinedOnce = overlapped.map((event) =>
    event.type === 'evaluation' && event.step === 20
      ? { ...event, agreement: { ...event.agreement!, spearman: Number.NaN } }
      : event,
  );
  expect(ledger(undefinedOnce).agreement).toMatchObject({ evaluations: 1 });
  expect(ledger(undefinedOnce).agreement!.spearman).toBeCloseTo(0.94, 12);
  expect(ledger(serial).unknown.agreement).toBe('its scores are exact');
});

test('gains in time count nothing, a share and all of the irreducible losses', () => {
  const { seconds, gain, uniformSeconds } = ledger(overlapped).targets['0.9']!;
  // Uniform reaches it after step 30, at 20 + 20 x 0.5; ours after step 20, at 20 + 10 x 0.75.
  expect(uniformSeconds).toBe(30);
  expect(seconds).toEqual({ none: 27.5, sharedHere: 32.5, sharedByFive: 29.5, whole: 37.5 });
  expect(gain.none).toBeCloseTo(30 / 27.5, 12);
  expect(gain.whole).toBeCloseTo(30 / 37.5, 12);
});

test('where the cost of the irreducible losses is not known, what counts it is null', () => {
  const { irreducibleSeconds, unknown, targets } = ledger(overlapped, { irreducible: { seconds: null, runs: 1 } });
  expect(irreducibleSeconds).toBeNull();
  expect(unknown.irreducibleSeconds).toBe('they were made elsewhere');
  expect(targets['0.9']!.seconds).toEqual({ none: 27.5, sharedHere: null, sharedByFive: null, whole: null });
  expect(ledger(overlapped, { irreducible: null }).targets['0.9']!.seconds.whole).toBe(27.5);
});

test('a target that a seed never reached has no gain', () => {
  const { targets } = ledger(overlapped, { targets: ['0.95', '0.99'] });
  expect(targets['0.95']).toMatchObject({ stepGain: null, breakEven: null, uniformSeconds: null });
  expect(targets['0.95']!.seconds.none).toBe(35);
  expect(targets['0.99']!.seconds.none).toBeNull();
});

test('times are held against uniform only with the same cores to work with', () => {
  const own = run(started({ threads: 1, scoreThreads: 1, scoring: { ...exact, staleness: 1 } }), {
    seconds: 0.75,
    accuracies: [0.9, 0.95],
  });
  const one = uniformRun.map((event) => (event.type === 'start' ? { ...event, threads: 1 } : event));
  // Two sides of a thread each, and uniform with two.
  expect(ledger(own).uniformSteps).toBeCloseTo(1.5, 12);
  const { uniformSteps, uniformSecondsPerStep, unknown, targets } = ledger(own, { uniform: [one] });
  expect(uniformSteps).toBeNull();
  expect(uniformSecondsPerStep).toBeCloseTo(0.5, 12);
  expect(unknown.uniformSteps).toBe('it had 2 of 2 cores to work with and uniform 1');
  expect(targets['0.9']!.gain.none).toBeNull();
});

test('sides that take turns have as many cores as the one with more threads', () => {
  const beside = (both: number): Busy => ({
    ...{ train: 0.5, score: 0.5, irreducible: 0 },
    ...{ trainer: 0.5, beside: 0.5, both },
  });
  const inTurns = (busy: Busy) =>
    run(started({ scoreThreads: 2, scoring: { ...exact, form: 'int8' } }), {
      seconds: 1,
      busy,
      accuracies: [0.9, 0.9],
    });
  expect(ledger(inTurns(beside(0)), { cores: 4 }).uniformSteps).toBeCloseTo(2, 12);
  expect(ledger(inTurns(beside(0.1)), { cores: 4 }).uniformSteps).toBeNull();
});

test('of a run from before there was a ledger only its steps are known', () => {
  const { threads, scoreThreads, scoring, bigBatch, smallBatch, ...start } = started();
  const old = run(start, { seconds: 1, accuracies: [0.9, 0.9] });
  const { secondsPerStep, uniformSteps, scored, kept, busy, overlap, waiting, unknown } = ledger(old);
  expect(secondsPerStep).toBeCloseTo(1, 12);
  expect([uniformSteps, scored, kept, busy, overlap, waiting]).toEqual([null, null, null, null, null, null]);
  expect(unknown.uniformSteps).toBe('the runs did not record their threads');
  expect(unknown.busy).toBe('the run did not record how long its two sides worked');
});

test('every figure that is null has its reason, also where nothing ran', () => {
  for (const uniform of [null, [], [[]]]) {
    const figures = ledgerOf({ runs: [[]], uniform, cores: 2, irreducible: null, targets: [] });
    for (const name of ['secondsPerStep', 'uniformSecondsPerStep', 'uniformSteps', 'busy', 'scored', 'kept'])
      expect(figures.unknown[name], name).toMatch(/\w/);
  }
});

test('means go over the steps of all seeds', () => {
  const slow = run(started({ scoring: exact }), {
    seconds: 1.75,
    busy: byTrainer(1, 0.75),
    accuracies: [0.5, 0.9],
  });
  const { secondsPerStep, busy, targets } = ledgerOf({
    runs: [serial, slow],
    uniform: [uniformRun, uniformRun],
    cores: 2,
    irreducible: null,
    targets: ['0.9'],
  });
  expect(secondsPerStep).toBeCloseTo(1.5, 12);
  expect(busy!.train).toBeCloseTo(0.75, 12);
  expect(targets['0.9']!.stepGain).toBe(30 / 25);
});

test('f is the median of stretches between evaluations, with their quartiles', () => {
  // Scoring takes 0.6 s of a step up to step 20 and 0.9 after it, where nothing meets: 0.12 and 0.18 core-seconds of 0.2.
  const busy = (score: number): Busy => ({
    ...{ train: 0.5, score, irreducible: 0 },
    ...{ trainer: 0.5, beside: score, both: 0 },
  });
  const uneven = overlapped.map((event) =>
    event.type === 'step' && event.step > 10 ? { ...event, busy: busy(event.step <= 20 ? 0.6 : 0.9) } : event,
  );
  const { scored, scoredSpread } = ledger(uneven);
  expect(scored).toBeCloseTo((0.6 + 0.9) / 2, 12);
  expect(scoredSpread!.q25).toBeCloseTo(0.675, 12);
  expect(scoredSpread!.q75).toBeCloseTo(0.825, 12);
  expect(scoredSpread!.stretches).toBe(2);
  expect(ledger(serial).scoredSpread).toBeNull();
});

test('f and the agreement are of the steps that reused losses, and it is told how many these are', () => {
  const scoring = { ...exact, reuse: { count: 4, epochs: 4 } };
  const all = run(started({ scoring }), { seconds: 0.75, busy: byTrainer(0.5, 0.3), accuracies: [0.9, 0.95] }, 1);
  const reusing = (from: number) =>
    all.map((event) =>
      event.type === 'step'
        ? { ...event, reused: event.step < from ? 0 : 6, busy: byTrainer(0.5, event.step < from ? 0.9 : 0.3) }
        : event,
    );
  const some = ledger(reusing(21));
  // The evaluation after step 20 compares the scores of step 21; that after the last one is of no step.
  expect(some.agreement).toEqual({ spearman: 0.9, topTenthOverlap: 0.8, evaluations: 1 });
  expect(some.scored).toBeCloseTo(0.3, 12);
  expect(some.reused).toEqual({ steps: 10, of: 30, pass: 4 });
  const none = ledger(reusing(31));
  expect(none.reused).toEqual({ steps: 0, of: 30, pass: 4 });
  expect(none.scored).toBeCloseTo(0.9, 12);
  expect(none.agreement!.evaluations).toBe(2);
  const late = ledger(reusing(22));
  expect(late.agreement).toBeNull();
  expect(late.unknown.agreement).toContain('no evaluation stood before a step that reused losses');
  expect(ledger(all).reused).toBeNull();
});

test('a run too short for a comparison with exact scores says how to get one', () => {
  const int8 = started({ scoring: { ...exact, form: 'int8' } });
  const short = [int8, ...[1, 2, 3].map((step) => stepEvent(step)), evaluationEvent(3, 0.5, {})];
  expect(ledger(short).unknown.agreement).toBe(
    'they are compared at evaluations before the last step, and there was none: train for more steps, or pass --eval-every below 3',
  );
});

test('how far runs went is told of both sides, and where the cost of the irreducible losses is from', () => {
  const { ran, uniformRan, irreducibleSource } = ledger(serial, {
    irreducible: { seconds: 1, runs: 1, source: 'here' },
  });
  expect(ran).toEqual({ seeds: 1, steps: 30, seconds: 45 });
  expect(uniformRan).toEqual({ seeds: 1, steps: 30, seconds: 30 });
  expect(irreducibleSource).toBe('here');
  expect(ledger(serial, { uniform: null }).uniformRan).toBeNull();
  const unknown = ledger(serial, { irreducible: { seconds: null, runs: 1, source: 'no il.json' } });
  expect([unknown.irreducibleSource, unknown.unknown.irreducibleSeconds]).toEqual([null, 'no il.json']);
});
