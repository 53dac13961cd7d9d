import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import type { RefreshedScorer, Trainer } from '../../src/engine/engine.ts';
import type { WorkerCalls } from '../../src/engine/ort/calls.ts';
import { loadScorer, openScorer, scorerOn } from '../../src/engine/ort/openScorer.ts';
import { scoringModel } from '../../src/engine/ort/scoringModel.ts';
import { type IrreducibleLosses, onlineLosses } from '../../src/loop/irreducible.ts';
import type { ScoringPlan } from '../../src/loop/plan.ts';
import { scoreGraph } from '../../src/onnx/scoreGraph.ts';
import { startThread, ThreadFailure } from '../../src/runtime/thread.ts';
import { bigBatch, closing, data, goingOn, held, type PointsRun, type Ran, runPoints, steps } from './besideRuns.ts';
import { timeless } from './events.ts';
import { pointsModel, pointsScoring } from './points.ts';

type Fault = 'throws' | 'exits' | 'hangs';

const folder = mkdtempSync(join(tmpdir(), 'rho-faulty-'));
afterAll(() => rmSync(folder, { recursive: true }));

const built = (path: string) => new URL(`../../dist/${path}`, import.meta.url).href;

/** A thread that scores as that of ONNX Runtime does, until its nth batch. */
function faultyModule(fault: Fault, nth: number): URL {
  const path = join(folder, `${fault}-${nth}.mjs`);
  writeFileSync(
    path,
    `import { serveThread } from '${built('runtime/thread.js')}';
    import { openScoringWork } from '${built('engine/ort/scoringWork.js')}';
    import { toOrt } from '${built('engine/ort/session.js')}';
    const faults = { throws: () => { throw new Error('no more memory'); }, exits: () => process.exit(7), hangs: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) };
    let work, weights, batches = 0;
    serveThread({
      async openScorer({ model, device, sharing }) { work = await openScoringWork(model, device, sharing); },
      setWeights(tensors) { weights = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)])); },
      score(batch) { if (++batches === ${nth}) faults.${fault}(); return work.score(batch, weights); },
      release: () => work.release(),
    });`,
  );
  return pathToFileURL(path);
}

const patience = { first: 60, later: 0.3 };

/** A scorer whose thread fails at its nth batch. */
function failing(fault: Fault, nth: number): (trainer: Trainer) => Promise<RefreshedScorer> {
  return async (trainer) => {
    const options = pointsScoring(data);
    const graph = scoreGraph(pointsModel(), { ...options, weightsAsInputs: new Set((await trainer.weights()).keys()) });
    const thread = startThread<WorkerCalls>(faultyModule(fault, nth), 'scorer', patience);
    await loadScorer(
      thread,
      scoringModel(pointsModel(), graph, options),
      { device: 'cpu', threads: 1 },
      { spins: false },
    );
    return { ...scorerOn(thread), setWeights: (weights) => thread.call('setWeights', weights) };
  };
}

const reasons: Readonly<Record<Fault, RegExp>> = {
  throws: /^no more memory$/,
  exits: /^The scorer thread ended: exit code 7$/,
  hangs: /^The scorer thread ended: no answer for \d+ s$/,
};
const faults = Object.keys(reasons) as Fault[];

/** A run that is to end within seconds, and what it does then. */
async function failed(options: PointsRun): Promise<Ran> {
  const began = performance.now();
  const ran = await runPoints({ pausesAfter: () => false, ...options });
  expect(ran.error).toBeInstanceOf(Error);
  expect((performance.now() - began) / 1000).toBeLessThan(30);
  return ran;
}

const wholes = new Map<string, Promise<Ran>>();

/** Expects that a failed run left something to go on from after `step` steps, which leads to the end of a whole run. */
async function expectGoesOn(ran: Ran, step: number, options: PointsRun = {}): Promise<void> {
  expect(ran.paused?.standing.step).toBe(step);
  const { evalEvery, plan, shortlist, reuse, openScorer, irreducible } = options;
  const key = JSON.stringify({ evalEvery, plan, shortlist, reuse, openScorer, online: irreducible?.online });
  const made = wholes.get(key) ?? runPoints(options);
  wholes.set(key, made);
  const whole = await made;
  const rest = await runPoints({ ...options, ...goingOn(ran) });
  expect([...ran.events, ...rest.events].map(timeless)).toEqual(whole.events.map(timeless));
  expect(rest.state).toEqual(whole.state);
}

describe.each(faults)('a scorer that %s', (fault) => {
  test('while its step waits for it leaves all that is needed to go on', async () => {
    // The evaluation after step 5 has one more batch scored.
    const ran = await failed({ openScorer: failing(fault, 9) });
    expect((ran.error as Error).message).toMatch(reasons[fault]);
    expect(ran.error instanceof ThreadFailure).toBe(fault !== 'throws');
    await expectGoesOn(ran, 7);
  });

  test('beside a step ends the run behind that step, the weights it was given being gone', async () => {
    const plan = { staleness: 1, refresh: 1 };
    const ran = await failed({ plan, openScorer: failing(fault, 8) });
    expect((ran.error as Error).message).toMatch(reasons[fault]);
    expect(ran.events.at(-1)).toMatchObject({ type: 'step', step: 7 });
    expect(ran.paused).toBeNull();
  });
});

test.each<[ScoringPlan, number, number | null]>([
  // The first batches of all are scored with weights that are still there.
  [{ staleness: 3, refresh: 2 }, 1, 0],
  [{ staleness: 3, refresh: 2 }, 2, null],
  // After step 8: those of steps 9 and 10 by the weights of then. Step 6 was scored in the evaluation, with those after 4.
  [{ staleness: 0, refresh: 2 }, 9, 8],
  [{ staleness: 0, refresh: 2 }, 10, null],
])(
  'by the plan %j a scorer that fails at batch %i leaves what is needed to go on after step %s',
  async (plan, nth, step) => {
    const ran = await failed({ plan, openScorer: failing('throws', nth) });
    if (step === null) expect(ran.paused).toBeNull();
    else await expectGoesOn(ran, step, { plan });
  },
);

test('a scorer that fails in an evaluation leaves what is needed to go on with that evaluation', async () => {
  const ran = await failed({ openScorer: failing('throws', 6) });
  expect(ran.events.at(-1)).toMatchObject({ type: 'step', step: 5 });
  await expectGoesOn(ran, 5);
});

/** Irreducible losses by the untrained model itself. */
async function online(): Promise<IrreducibleLosses> {
  return closing(
    onlineLosses(await openScorer(pointsModel(), { ...pointsScoring(data), outputs: ['loss'], beside: true })),
  );
}

/** The same from a thread that fails at its nth batch. */
async function failingOnline(fault: Fault, nth: number): Promise<IrreducibleLosses> {
  const weights = pointsModel().weights;
  const scorer = await failing(fault, nth)({ weights: async () => weights } as Trainer);
  await scorer.setWeights(
    Object.fromEntries(
      [...weights].map(([name, { dtype, dims, data }]) => [name, { dtype, dims, data: data.slice() }]) as never,
    ),
  );
  return closing(onlineLosses(scorer));
}

test.each(faults)('an IL model that %s while it scores online leaves all that is needed to go on', async (fault) => {
  const ran = await failed({ irreducible: await failingOnline(fault, 9), openScorer: null, evalEvery: steps });
  expect((ran.error as Error).message).toMatch(reasons[fault]);
  await expectGoesOn(ran, 8, { irreducible: await online(), openScorer: null, evalEvery: steps });
});

test('losses scored ahead by older weights outlive an IL model that fails', async () => {
  const plan = { staleness: 3, refresh: 2 };
  // It is waited for with the evaluation after step 5.
  const ran = await failed({ plan, irreducible: await failingOnline('exits', 7), evalEvery: 5 });
  expect([...ran.paused!.standing.ahead.keys()]).toEqual([5, 6, 7, 8]);
  await expectGoesOn(ran, 5, { plan, irreducible: await online(), evalEvery: 5 });
});

/** The points, which cannot be read from the moment `isBroken` says so. */
const breaking = (of: Dataset, isBroken: (ids: ArrayLike<number>) => boolean): Dataset => ({
  ...of,
  async gather(ids) {
    if (isBroken(ids)) throw new Error('disk failure');
    return of.gather(ids);
  },
});

/** True from the nth time on that it is asked of as many ids. */
function fromNth(nth: number, length: number): (ids: ArrayLike<number>) => boolean {
  let count = 0;
  return (ids) => ids.length === length && ++count >= nth;
}

/** Half of the candidates are scored from the second pass on, which step 6 begins. */
const reuse = { count: bigBatch / 2, steps: 1000 };
const reusing: PointsRun = { reuse, openScorer: null };

describe('data that cannot be read any more leave what is needed to go on', () => {
  test.each<[string, PointsRun, number, PointsRun]>([
    ['candidates', { data: breaking(data, fromNth(9, bigBatch)), openScorer: null }, 8, { openScorer: null }],
    ['the small batch', { data: breaking(data, fromNth(9, 4)) }, 8, {}],
    ['a shortlist', { data: breaking(data, fromNth(4, 6)), shortlist: 6 }, 3, { shortlist: 6 }],
    ['the small batch, with losses to reuse', { data: breaking(data, fromNth(9, 4)), ...reusing }, 8, reusing],
    [
      'candidates that are scored beside, with losses to reuse',
      { data: breaking(data, fromNth(3, 8)), reuse },
      6,
      { reuse },
    ],
    ['the test set', { test: breaking(held, fromNth(2, held.length)) }, 10, {}],
  ])('as %s', async (_, options, step, healthy) => {
    const ran = await failed(options);
    expect(ran.error).toEqual(new Error('disk failure'));
    await expectGoesOn(ran, step, healthy);
  });
});

test('a trainer that was changed by scoring is not kept as what it was after its last step', async () => {
  const options = { openScorer: null, scoringChangesTrainer: true };
  expect((await failed({ ...options, data: breaking(data, fromNth(9, 4)) })).paused).toBeNull();
  // Candidates that were not gathered were not scored.
  const ran = await failed({ ...options, data: breaking(data, fromNth(9, bigBatch)) });
  await expectGoesOn(ran, 8, { openScorer: null });
});

test('events that cannot be written end the run, without a pause', async () => {
  const ran = await failed({
    plan: { staleness: 1, refresh: 1 },
    emit: async ({ step }) => {
      if (step === 4) throw new Error('disk full');
    },
  });
  expect(ran.error).toEqual(new Error('disk full'));
  expect(ran.paused).toBeNull();
});

test('whatever a run ends with, the events of its last step are out by then', async () => {
  const written: number[] = [];
  await failed({
    plan: { staleness: 1, refresh: 1 },
    openScorer: failing('throws', 8),
    async emit({ step }) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      written.push(step);
    },
  });
  expect(written.at(-1)).toBe(7);
});
