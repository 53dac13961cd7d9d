import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerOf } from '../../dist/loop/ledger.js';
import { accuracyAt, finalAccuracy, firstAt, mean, median, secondsOf, stepSeconds } from './figures.mjs';
import { rhoJson, trainedEvents } from './rhoProcess.mjs';
import { wantedCases } from './selectionCases.mjs';
import { tableOf } from './selectionTable.mjs';

const uniform = { name: 'uniform', flags: ['--strategy', 'uniform'], isUniform: true };
const shares = { none: 0, fifth: 1 / 5, whole: 1 };

/**
 * Uniform and rho with each way of scoring, from the same irreducible losses: (a) at a constant rate, (b) with a rate that goes
 * down to zero within a time that all are given, (c) both with the cost of the IL model, whole and shared by five runs; for (b) that
 * takes runs of its own, with `ilInBudget`. Seed by seed and setting by setting, so that a machine that slows down slows all alike. With `out`, what is finished there is kept.
 */
export async function benchSelection({ cases, settings, seeds, steps, budget, ilInBudget, threads, out }, say) {
  const folder = out ?? (await mkdtemp(join(tmpdir(), 'rho-bench-')));
  const results = [];
  try {
    for (const found of wantedCases(cases, process.env.RHO_DATA)) {
      if (found.skipped) {
        say(found.skipped);
        results.push({ case: found.name, skipped: found.skipped });
        continue;
      }
      const asked = { ...found, steps: steps ?? found.steps, settings: settings ?? found.settings };
      const result = await benchCase(
        asked,
        { seeds, budget, ilInBudget, threads, folder: join(folder, found.name) },
        say,
      );
      say(tableOf(result));
      results.push(result);
    }
  } finally {
    if (out === undefined) await rm(folder, { recursive: true });
  }
  return results;
}

async function benchCase(found, { seeds, budget, ilInBudget, threads, folder }, say) {
  await mkdir(folder, { recursive: true });
  const data = found.data(process.env.RHO_DATA);
  const store = join(folder, 'store');
  const il = await prepareLosses(found, data, threads, folder, store);
  const all = [uniform, ...found.settings];
  const train = (kind, { name, flags, isUniform }, seed, steps, more) => {
    const losses = isUniform ? [] : ['--irreducible', store];
    const run = join(folder, `${kind}-${name}-seed-${seed}`.replaceAll(/[^\w.]+/g, '-'));
    say(`${found.name}: ${kind} rate, seed ${seed}, ${name}`);
    return trainedEvents(run, [
      ...[...data, ...found.target, '--seed', seed, '--steps', steps, '--threads', threads],
      ...[...losses, ...flags, ...more],
    ]);
  };

  const constant = await inTurns(all, seeds, say, (setting, seed) => train('constant', setting, seed, found.steps, []));
  const givenTime = budget ?? mean(constant.uniform.map(secondsOf));
  const timed = all.filter(({ name }) => constant[name] !== undefined);
  const decaying = async (share) => {
    const stepsOf = ({ name, isUniform }) => {
      const left = givenTime - (isUniform ? 0 : shares[share] * il);
      return Math.round(left / median(constant[name].map(stepSeconds)));
    };
    // Uniform has no IL model: its runs are the same in each.
    const able = timed.filter((setting) => stepsOf(setting) > 0 && (share === 'none' || !setting.isUniform));
    return inTurns(able, seeds, say, (setting, seed) => {
      const count = stepsOf(setting);
      const rate = ['--schedule', 'linear', '--eval-every', Math.max(1, Math.round(count / 40))];
      return train(share === 'none' ? 'linear' : `linear, ${share}`, setting, seed, count, rate);
    });
  };
  const linear = { none: await decaying('none') };
  if (ilInBudget) for (const share of ['fifth', 'whole']) linear[share] = await decaying(share);

  const times = [1 / 8, 1 / 4, 1 / 2, 1].map((part) => part * givenTime);
  const terms = { found, constant, linear, times, il, seeds, threads };
  return {
    case: found.name,
    threads,
    seeds,
    steps: found.steps,
    ilSeconds: il,
    budget: givenTime,
    times,
    accuracies: found.accuracies,
    settings: timed.map((setting) => figuresOf(setting, terms)),
    failed: all.filter(({ name }) => constant[name] === undefined).map(({ name }) => name),
  };
}

/** Trains the IL model and scores the candidates by it, both as a user does: the seconds of either. */
async function prepareLosses(found, data, threads, folder, store) {
  const il = join(folder, 'il');
  if (!existsSync(join(il, 'il.json'))) {
    await rm(il, { recursive: true, force: true });
    await rhoJson('il', ...data, ...found.il, '--threads', threads, '--out', il);
  }
  await rhoJson('score', '--model', join(il, 'il.onnx'), ...data, '--threads', threads, '--out', store);
  const read = async (...names) => JSON.parse(await readFile(join(...names), 'utf8'));
  return (await read(il, 'il.json')).training.seconds + (await read(store, 'manifest.json')).scoring.seconds;
}

/** The events of each setting, one list for each seed; a setting that fails is left out with its reason told. */
async function inTurns(settings, seeds, say, train) {
  const events = Object.fromEntries(settings.map(({ name }) => [name, []]));
  for (const seed of seeds)
    for (const setting of settings) {
      if (events[setting.name] === undefined) continue;
      try {
        events[setting.name].push(await train(setting, seed));
      } catch (error) {
        if (setting.isUniform) throw error;
        say(error.message);
        delete events[setting.name];
      }
    }
  return events;
}

function figuresOf({ name, flags, isUniform }, { found, constant, linear, times, il, threads }) {
  const runs = constant[name];
  const steps = runs.map(stepSeconds);
  const costs = Object.entries(shares).map(([share, part]) => [share, isUniform ? 0 : part * il]);
  const perSeed = (values) => ({ mean: mean(values), perSeed: values });
  const byShare = (figure) => Object.fromEntries(costs.map(([share, cost]) => [share, perSeed(figure(cost))]));
  const at = (events, seconds) => (seconds < 0 ? null : accuracyAt(events, seconds));
  const { scored, overlap, agreement } = isUniform
    ? {}
    : ledgerOf({
        runs,
        uniform: constant.uniform,
        cores: Math.min(threads, availableParallelism()),
        irreducible: { seconds: il, runs: runs.length },
        targets: found.accuracies,
      });
  return {
    name,
    flags,
    stepSeconds: { median: median(steps), perSeed: steps },
    uniformSteps: perSeed(steps.map((own, index) => own / stepSeconds(constant.uniform[index]))),
    f: scored ?? null,
    overlap: overlap ?? null,
    agreement: agreement ?? null,
    keptGain: isUniform ? null : keptGain(runs, constant[found.settings[0].name], found.accuracies),
    targets: Object.fromEntries(
      found.accuracies.map((target) => {
        const first = runs.map((events) => firstAt(events, target));
        return [
          target,
          {
            steps: perSeed(first.map((evaluation) => evaluation?.step ?? null)),
            seconds: byShare((cost) => first.map((evaluation) => (evaluation ? evaluation.seconds + cost : null))),
          },
        ];
      }),
    ),
    accuracyAt: times.map((time) => byShare((cost) => runs.map((events) => at(events, time - cost)))),
    finalAccuracy: perSeed(runs.map(finalAccuracy)),
    linear: Object.fromEntries(
      Object.entries(linear)
        .filter(([, events]) => events[name] !== undefined)
        .map(([share, events]) => [share, decayedFigures(events[name])]),
    ),
  };
}

function decayedFigures(runs) {
  const perSeed = (values) => ({ mean: mean(values), perSeed: values });
  return {
    seconds: perSeed(runs.map(secondsOf)),
    steps: runs[0].findLast(({ type }) => type === 'step').step,
    finalAccuracy: perSeed(runs.map(finalAccuracy)),
  };
}

/** Exact scoring's steps to the middle target over these: the share of its step gain over uniform that is kept. */
function keptGain(runs, exact, accuracies) {
  const middle = accuracies[Math.floor(accuracies.length / 2)];
  const stepsTo = (all) => mean(all?.map((events) => firstAt(events, middle)?.step ?? null) ?? []);
  const [own, byExact] = [stepsTo(runs), stepsTo(exact)];
  return own === null || byExact === null ? null : byExact / own;
}
