import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { Batch } from '../../src/core/batch.ts';
import { strategyOf } from '../../src/core/selection.ts';
import { type Span, shared } from '../../src/core/span.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import type { RefreshedScorer, Scores, StepResult, Trainer } from '../../src/engine/engine.ts';
import type { Busy } from '../../src/loop/events.ts';
import { onlineLosses, storedLosses } from '../../src/loop/irreducible.ts';
import { exactPlan, type ScoringPlan } from '../../src/loop/plan.ts';
import { type TrainOptions, train } from '../../src/loop/train.ts';
import { startThread, type Thread } from '../../src/runtime/thread.ts';
import { closing, data, held, irreducible, order, smallBatch } from './besideRuns.ts';
import { stepEvent } from './events.ts';

// Threads that wait on the clock instead of computing: what overlaps does not depend on the cores that are free.

const folder = mkdtempSync(join(tmpdir(), 'rho-waiting-'));
afterAll(() => rmSync(folder, { recursive: true }));

const built = (path: string) => new URL(`../../dist/${path}`, import.meta.url).href;
const path = join(folder, 'waiting.mjs');
writeFileSync(
  path,
  `import { timed } from '${built('core/span.js')}';
  import { serveThread } from '${built('runtime/thread.js')}';
  const cell = new Int32Array(new SharedArrayBuffer(4));
  serveThread({
    work: ({ ms, count }) => timed(() => {
      if (ms > 0) Atomics.wait(cell, 0, 0, ms);
      return { loss: Float32Array.from({ length: count }, (_, i) => i), predicted: new Int32Array(count), meanLoss: 1 };
    }),
    weights: () => ({}),
  });`,
);

type Calls = {
  readonly work: (of: { ms: number; count: number }) => StepResult & Scores & { readonly span: Span };
  readonly weights: (argument: null) => Readonly<Record<string, Tensor>>;
};

/** A thread that takes its time, and when it was at work. */
interface Side {
  readonly thread: Thread<Calls>;
  readonly spans: Span[];
  work(batch: Batch, ms: number): Promise<StepResult & Scores>;
}

function side(name: string): Side {
  const thread = startThread<Calls>(pathToFileURL(path), name);
  const spans: Span[] = [];
  return closing({
    thread,
    spans,
    async work({ labels }: Batch, ms: number) {
      const result = await thread.call('work', { ms, count: labels.length });
      // The evaluation takes no time.
      if (ms > 0) spans.push(result.span);
      return result;
    },
    close: () => thread.stop(),
  });
}

const total = (spans: readonly Span[]) => spans.reduce((sum, { began, ended }) => sum + (ended - began), 0);

/** Milliseconds that two sides, neither of which does two things at once, worked at the same time. */
const together = (a: readonly Span[], b: readonly Span[]) =>
  a.reduce((sum, span) => sum + b.reduce((all, other) => all + shared(span, other), 0), 0);

interface Times {
  readonly training: number;
  readonly scoring: number;
  /** What irreducible losses take online; null takes them from a store. */
  readonly online: number | null;
}

/** A run of 20 steps whose work takes so many milliseconds each; with a plan that is not exact, or if asked, beside the trainer. */
async function timedRun(times: Times, plan: ScoringPlan = exactPlan, more: Partial<TrainOptions> = {}) {
  const steps = 20;
  const [training, beside] = [side('trainer'), side('scorer')];
  const trainer: Trainer = {
    block: null,
    step: (batch) => training.work(batch, times.training),
    score: (batch) => training.work(batch, 0),
    scoreCandidates: (batch) => training.work(batch, times.scoring),
    state: async () => ({ step: 0, tensors: {} }),
    weights: async () => new Map(Object.entries(await training.thread.call('weights', null))),
    close: async () => undefined,
  };
  const scorer: RefreshedScorer = {
    score: (batch) => beside.work(batch, times.scoring),
    setWeights: async () => undefined,
    close: async () => undefined,
  };
  const il = { ...scorer, score: (batch: Batch) => beside.work(batch, times.online!) };
  // Both threads are there before the clock starts.
  await Promise.all([training, beside].map(({ thread }) => thread.call('weights', null)));
  const busy = { train: 0, score: 0, irreducible: 0, trainer: 0, beside: 0, both: 0 };
  let seconds = 0;
  await train({
    trainer,
    scorer: plan === exactPlan ? null : scorer,
    plan,
    data,
    order,
    strategy: strategyOf('rho'),
    irreducible: times.online === null ? storedLosses(irreducible) : onlineLosses(il),
    smallBatch,
    shortlist: null,
    reuse: null,
    isExact: scorer === null,
    learningRate: () => 1,
    augment: (batch) => batch,
    steps,
    test: held,
    evalEvery: steps,
    from: { step: 0, seconds: 0, recent: [], ahead: new Map(), known: null },
    async emit(event) {
      seconds = event.seconds;
      if (event.type === 'step')
        for (const name of Object.keys(busy) as (keyof Busy)[]) busy[name] += event.busy![name];
    },
    pausesAfter: () => false,
    onPause: async () => undefined,
    ...more,
  });
  return { busy, seconds, training: training.spans, beside: beside.spans };
}

type TimedRun = Awaited<ReturnType<typeof timedRun>>;

/** Expects that the two threads worked at once for most of the time of the one that has less to do. */
function expectOverlap({ seconds, training, beside }: TimedRun): void {
  expect(together(training, beside) / Math.min(total(training), total(beside))).toBeGreaterThan(0.8);
  expect((1000 * seconds) / (total(training) + total(beside))).toBeLessThan(0.8);
}

const expectToldOverlap = ({ busy: { trainer, beside, both } }: TimedRun) =>
  expect(both / Math.min(trainer, beside)).toBeGreaterThan(0.8);

/** Messages between threads take their time where others use all cores. */
const again = { retry: 2 };

const stale: ScoringPlan = { staleness: 1, refresh: 1 };

test.each<[string, Times, ScoringPlan]>([
  ['as long as training', { training: 25, scoring: 25, online: null }, stale],
  ['half as long as training', { training: 40, scoring: 20, online: null }, stale],
  ['twice as long as training', { training: 20, scoring: 40, online: null }, stale],
  ['twice as long, refreshed every second step', { training: 20, scoring: 40, online: null }, { ...stale, refresh: 2 }],
])('at a staleness of 1 scoring that takes %s goes on beside it', again, async (_, times, plan) => {
  const run = await timedRun(times, plan);
  expectOverlap(run);
  expectToldOverlap(run);
  expect(run.busy.train).toBeCloseTo(total(run.training) / 1000, 6);
});

test.each<[string, Times]>([
  ['as long as a step and its scoring', { training: 15, scoring: 25, online: 40 }],
  ['as long as its scoring alone', { training: 15, scoring: 25, online: 25 }],
])('irreducible losses that take %s are scored beside them, with current weights', again, async (_, times) => {
  const run = await timedRun(times);
  expectOverlap(run);
  expectToldOverlap(run);
  const { trainer, irreducible } = run.busy;
  expect(trainer).toBeCloseTo(total(run.training) / 1000, 6);
  expect(irreducible).toBeCloseTo(total(run.beside) / 1000, 6);
});

test('with current weights and losses from a store there is nothing to do at once', async () => {
  const { busy, seconds } = await timedRun({ training: 15, scoring: 15, online: null });
  expect(busy.both).toBe(0);
  expect(seconds).toBeGreaterThanOrEqual(busy.train + busy.score);
});

test('a run that goes on with an evaluation has the irreducible losses of its next step in the time of that step', async () => {
  const seconds: number[] = [];
  await timedRun({ training: 5, scoring: 5, online: 80 }, exactPlan, {
    steps: 6,
    evalEvery: 5,
    from: { step: 5, seconds: 0, recent: [stepEvent(5)], ahead: new Map(), known: null },
    emit: async (event) => void seconds.push(event.seconds),
  });
  // The evaluation, which is not exact here, looks at the losses of the next step.
  expect(seconds[0]).toBeGreaterThanOrEqual(0.08);
});
