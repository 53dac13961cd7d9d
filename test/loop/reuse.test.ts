import { expect, test } from 'vitest';
import { exactPlan } from '../../src/loop/plan.ts';
import { bigBatch, goingOn, type Ran, runPoints, steps } from './besideRuns.ts';
import { timeless } from './events.ts';

const decided = ({ events, state }: Pick<Ran, 'events' | 'state'>) => ({ events: events.map(timeless), state });
const idsOf = ({ steps }: Ran) => steps.map(({ ids }) => ids);
const alone = { plan: exactPlan, openScorer: null } as const;

test('a run that scores all candidates again chooses as one that reuses nothing', async () => {
  const plain = await runPoints(alone);
  const all = await runPoints({ ...alone, reuse: { count: bigBatch, steps: 1000 } });
  expect(idsOf(all)).toEqual(idsOf(plain));
  expect(all.evaluations.map(({ agreement }) => agreement?.spearman ?? null)).toEqual([1, 1, null]);
});

test('losses of an earlier pass decide which are scored, from the second pass on', async () => {
  const plain = await runPoints(alone);
  const half = await runPoints({ ...alone, reuse: { count: bigBatch / 2, steps: 1000 } });
  // Five big batches are a pass.
  expect(idsOf(half).slice(0, 5)).toEqual(idsOf(plain).slice(0, 5));
  expect(idsOf(half)).not.toEqual(idsOf(plain));
  expect(half.steps.length).toBe(steps);
  // Of the first pass nothing is known; then half of the candidates keep their loss, but for those that a pass left out.
  expect(half.steps.slice(0, 5).map(({ reused }) => reused)).toEqual([0, 0, 0, 0, 0]);
  expect(half.steps.at(-1)!.reused).toBe(bigBatch / 2);
  expect(plain.steps.at(-1)).not.toHaveProperty('reused');
});

test.each([exactPlan, { staleness: 1, refresh: 1 }])('with the plan %j it goes on bit for bit', async (plan) => {
  const options = { plan, reuse: { count: bigBatch / 2, steps: 12 }, ...(plan === exactPlan && { openScorer: null }) };
  const whole = await runPoints(options);
  const part = await runPoints({ ...options, until: 8 });
  const rest = await runPoints({ ...options, ...goingOn(part) });
  expect(decided({ events: [...part.events, ...rest.events], state: rest.state })).toEqual(decided(whole));
});
