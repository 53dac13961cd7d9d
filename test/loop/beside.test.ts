import { expect, test } from 'vitest';
import { averageRanks } from '../../src/core/rankAgreement.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import type { RefreshedScorer } from '../../src/engine/engine.ts';
import { readNewestCheckpoint, writeCheckpoint } from '../../src/loop/checkpoint.ts';
import { exactPlan, type ScoringPlan, versionFor } from '../../src/loop/plan.ts';
import { temporaryFolder } from '../temporaryFolder.ts';
import {
  bestBy,
  bigBatch,
  data,
  goingOn,
  held,
  irreducible,
  order,
  type PointsRun,
  type Ran,
  randomSleep,
  reducibleBy,
  runPoints,
  smallBatch,
  steps,
  withDelays,
} from './besideRuns.ts';
import { timeless } from './events.ts';

const folder = temporaryFolder();

const plans: readonly ScoringPlan[] = [0, 1, 3].flatMap((staleness) =>
  [1, 2].map((refresh) => ({ staleness, refresh })),
);
/** On a shortlist. */
const listed = 6;
const stale = plans.filter(({ staleness, refresh }) => staleness > 0 || refresh > 1);

const wholes = new Map<string, Promise<Ran>>();

/** The run that nothing disturbs, made once for all tests. */
function wholeRun(plan: ScoringPlan, shortlist: number | null = null): Promise<Ran> {
  const key = JSON.stringify({ plan, shortlist });
  const run = wholes.get(key) ?? runPoints({ plan, shortlist });
  wholes.set(key, run);
  return run;
}

/** All that a run decided. */
const decided = ({ events, state }: Pick<Ran, 'events' | 'state'>) => ({ events: events.map(timeless), state });

test.each(plans)('by the plan %j the best by the weights of the plan are trained on', async (plan) => {
  const { steps: done, weights, error } = await wholeRun(plan);
  expect(error).toBeNull();
  expect(done.length).toBe(steps);
  for (const { step, ids } of done) {
    const best = await bestBy(weights[versionFor(plan, step - 1)]!, order.at(step - 1), smallBatch);
    expect(ids, `step ${step}`).toEqual(best);
  }
});

test('stale weights choose otherwise than current ones, here', async () => {
  const { state } = await wholeRun(exactPlan);
  for (const plan of stale) expect((await wholeRun(plan)).state).not.toEqual(state);
});

test('a scorer beside the trainer gives the events and weights of the trainer scoring itself', async () => {
  const withoutAgreement = (ran: Ran) => {
    const { events, state } = decided(ran);
    return { events: events.map((event) => ({ ...event, agreement: undefined })), state };
  };
  const [beside, alone] = [await wholeRun(exactPlan), await runPoints({ openScorer: null })];
  expect(withoutAgreement(beside)).toEqual(withoutAgreement(alone));
  expect(alone.evaluations.map(({ agreement }) => agreement)).toEqual([null, null, undefined]);
  const exact = { spearman: 1, topTenthOverlap: 1, candidates: bigBatch, exactSeconds: expect.any(Number) };
  expect(beside.evaluations.map(({ agreement }) => agreement)).toEqual([exact, exact, undefined]);
});

/** The points, gathered whenever chance has it; `tell` hears of every batch of candidates. */
const gatheredSlowly = (tell: () => void): Dataset => ({
  ...data,
  async gather(ids) {
    if (ids.length === bigBatch) tell();
    await randomSleep(5);
    const batch = await data.gather(ids);
    await randomSleep(5);
    return batch;
  },
});

test.each(plans)(
  'by the plan %j chance delays on all sides change nothing, and no more is gathered ahead than is used',
  async (plan) => {
    const shortlist = plan.staleness === 1 ? listed : null;
    const whole = decided(await wholeRun(plan, shortlist));
    for (let time = 0; time < (plan.staleness === 1 ? 2 : 1); time++) {
      let [gathered, stepped, most] = [0, 0, 0];
      // What an evaluation gathers for itself does not count.
      let evaluates = false;
      const run = await runPoints({
        plan,
        shortlist,
        data: gatheredSlowly(() => {
          if (!evaluates) most = Math.max(most, ++gathered - stepped);
        }),
        test: {
          ...held,
          gather(ids) {
            evaluates = true;
            return held.gather(ids);
          },
        },
        pausesAfter() {
          evaluates = false;
          return false;
        },
        augment(batch) {
          stepped++;
          return batch;
        },
        wrapped: withDelays,
      });
      expect(decided(run)).toEqual(whole);
      expect(gathered).toBe(steps);
      expect(most).toBeLessThanOrEqual(plan.staleness + plan.refresh + 1);
      expect(most).toBeGreaterThan(1);
    }
  },
);

/** A run that pauses after some steps, each time through a checkpoint and with a new trainer. */
async function inParts(options: PointsRun, pauses: readonly number[]): Promise<Pick<Ran, 'events' | 'state'>> {
  const events: Ran['events'][number][] = [];
  let next: PointsRun = options;
  for (const until of pauses) {
    const part = await runPoints({ ...next, until });
    expect(part.error).toEqual(new Error('stopped'));
    events.push(...part.events);
    const { standing, state } = part.paused!;
    const { seconds, ahead, known } = standing;
    await writeCheckpoint(folder.at(), { state, seconds, ahead, known, eventBytes: 0 });
    const read = (await readNewestCheckpoint(folder.at()))!;
    expect([...read.ahead.keys()]).toEqual([...ahead.keys()]);
    const { from } = goingOn({ ...part, events });
    next = { ...options, state: read.state, from: { ...from!, ahead: read.ahead, known: read.known } };
  }
  const last = await runPoints(next);
  return { events: [...events, ...last.events], state: last.state };
}

const paused: readonly ScoringPlan[] = [
  exactPlan,
  { staleness: 0, refresh: 2 },
  { staleness: 1, refresh: 1 },
  { staleness: 3, refresh: 2 },
  { staleness: 2, refresh: 3 },
];

test.each(paused)('by the plan %j a run that pauses and goes on is as a whole one', async (plan) => {
  const options = { plan, shortlist: plan.staleness === 3 ? listed : null };
  const whole = await wholeRun(options.plan, options.shortlist);
  const pauses = [0, 6].map((from) => from + 1 + Math.floor(6 * Math.random()));
  expect(decided(await inParts(options, pauses)), `pauses after ${pauses}`).toEqual(decided(whole));
});

test('of a shortlist by stale losses those are trained on that are best by current ones', async () => {
  const plan = { staleness: 3, refresh: 1 };
  const { steps: done, weights } = await wholeRun(plan, listed);
  let changed = 0;
  for (const { step, ids, selectedLoss } of done) {
    const index = step - 1;
    const list = await bestBy(weights[versionFor(plan, index)]!, order.at(index), listed);
    expect(ids, `step ${step}`).toEqual(await bestBy(weights[index]!, list, smallBatch));
    if (!ids.every((id) => list.slice(0, smallBatch).includes(id))) changed++;
    // The losses that an event tells of are the exact ones.
    const losses = await Promise.all(
      ids.map(async (id) => (await reducibleBy(weights[index]!, id)) + irreducible[id]!),
    );
    expect(selectedLoss!.max).toBeCloseTo(Math.max(...losses), 4);
  }
  expect(changed).toBeGreaterThan(0);
});

test.each([null, listed])(
  'the agreement told with an evaluation is that of the next choice, shortlist %s',
  async (shortlist) => {
    const plan = { staleness: 3, refresh: 1 };
    const { evaluations, weights } = await wholeRun(plan, shortlist);
    expect(evaluations.map(({ step }) => step)).toEqual([5, 10, 13]);
    for (const { step, agreement } of evaluations.slice(0, 2)) {
      const ids = order.at(step);
      const scoresBy = (version: number) => Promise.all(Array.from(ids, (id) => reducibleBy(weights[version]!, id)));
      const [used, exact] = [await scoresBy(versionFor(plan, step)), await scoresBy(step)];
      const list = shortlist === null ? null : await bestBy(weights[versionFor(plan, step)]!, ids, shortlist);
      const isListed = (position: number) => list?.includes(ids[position]!) ?? false;
      const merged = used.map((score, position) => (isListed(position) ? exact[position]! : score));
      // Spearman of ranks without ties.
      const [a, b] = [averageRanks(exact), averageRanks(merged)];
      const squares = a.reduce((sum, rank, i) => sum + (rank - b[i]!) ** 2, 0);
      const spearman = 1 - (6 * squares) / (bigBatch * (bigBatch ** 2 - 1));
      // Two of sixteen are the tenth.
      const top = await bestBy(weights[step]!, ids, 2);
      const found =
        list === null ? await bestBy(weights[versionFor(plan, step)]!, ids, 2) : await bestBy(weights[step]!, list, 2);
      expect(agreement).toEqual({
        spearman: expect.closeTo(spearman, 10),
        topTenthOverlap: top.filter((id) => found.includes(id)).length / 2,
        candidates: bigBatch,
        exactSeconds: expect.any(Number),
      });
      expect(agreement!.exactSeconds).toBeGreaterThan(0);
    }
    expect(evaluations.at(-1)).not.toHaveProperty('agreement');
  },
);

test('however many steps are scored ahead, few of their batches wait in memory for the scorer', async () => {
  let waiting = 0;
  const most: number[] = [];
  const counting: Dataset = {
    ...data,
    async gather(ids) {
      if (ids.length === bigBatch) most.push(++waiting);
      return data.gather(ids);
    },
  };
  const wrapped: NonNullable<PointsRun['wrapped']> = (of) => {
    if (!('setWeights' in of)) return of;
    const scorer = of as unknown as RefreshedScorer;
    const score: RefreshedScorer['score'] = async (batch) => {
      const scores = await scorer.score(batch);
      waiting -= 1;
      return scores;
    };
    return { ...of, score };
  };
  const plan = { staleness: 1, refresh: 12 };
  const run = await runPoints({ plan, data: counting, wrapped, evalEvery: steps });
  expect(decided(run)).toEqual(decided(await runPoints({ plan, evalEvery: steps })));
  expect(most.length).toBe(steps);
  expect(Math.max(...most)).toBeLessThanOrEqual(2);
});
