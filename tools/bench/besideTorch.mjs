import { openScorer } from '../../dist/engine/ort/openScorer.js';
import { openTrainer } from '../../dist/engine/ort/openTrainer.js';
import { openScorerPool } from '../../dist/engine/ort/scorerPool.js';
import { graphOf, optionsOf, randomBatch } from './models.mjs';
import { openTorch, waitPolicies } from './torch.mjs';

const turns = 8;
const smallBatch = 32;
const bigBatch = 320;

/**
 * Milliseconds of a train step at batch 32, or of scoring 320 examples, one batch at a time or as many as there are threads, ours (messages to its thread included) and PyTorch's, in
 * turns, medians of each turn. PyTorch runs once for each way its threads can wait, and the faster of the two counts.
 */
export async function benchBesideTorch(model, what, threads) {
  const open = { train: openTraining, score: openScoring, throughput: openPool }[what];
  const ours = await open(model, threads);
  const peers = [];
  try {
    for (const policy of threads === 1 ? waitPolicies.slice(0, 1) : waitPolicies)
      peers.push(await openTorch(model, what === 'train' ? 'train' : 'score', threads, policy));
    await ours.run(2 * model.perTurn);
    const rounds = [];
    for (let turn = 0; turn < turns; turn++) {
      const round = { ours: await ours.run(model.perTurn), peers: [] };
      for (const peer of peers) round.peers.push(await peer.run(model.perTurn));
      rounds.push(round);
    }
    const medians = peers.map((_, index) => median(rounds.map((round) => round.peers[index])));
    const fastest = medians.indexOf(Math.min(...medians));
    return rounds.map((round) => ({ ours: round.ours, peer: round.peers[fastest] }));
  } finally {
    for (const peer of peers) peer.close();
    await ours.close();
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

async function openTraining(model, threads) {
  const trainer = await openTrainer(graphOf(model), optionsOf(model, threads));
  const batches = Array.from({ length: 8 }, () => randomBatch(model, smallBatch));
  // A copy, since the trainer takes the buffers away: what gathering a batch costs.
  const step = (index) => trainer.step(structuredClone(batches[index % batches.length]), 1e-3);
  return { run: (count) => queuedOneAhead(count, step), close: () => trainer.close() };
}

async function openScoring(model, threads) {
  const scorer = await openScorer(graphOf(model), optionsOf(model, threads));
  const batch = randomBatch(model, bigBatch);
  const score = () => scorer.score(structuredClone(batch));
  return { run: (count) => queuedOneAhead(count, score), close: () => scorer.close() };
}

/** All threads as workers of their own, as `rho score` has them: milliseconds a batch over all batches of a turn. */
async function openPool(model, threads) {
  const pool = await openScorerPool(graphOf(model), optionsOf(model, threads));
  const batch = randomBatch(model, bigBatch);
  const run = async (count) => {
    const began = performance.now();
    const waiting = new Set();
    for (let index = 0; index < count; index++) {
      const scored = pool.score(structuredClone(batch)).then(() => waiting.delete(scored));
      waiting.add(scored);
      if (waiting.size > 2 * pool.workers) await Promise.race(waiting);
    }
    await Promise.all(waiting);
    return (performance.now() - began) / count;
  };
  return { run, close: () => pool.close() };
}

/** The median time between answers where the next call is sent before the last is answered, as IL training does. */
async function queuedOneAhead(count, call) {
  const times = [];
  let underWay = call(0);
  let before = performance.now();
  for (let index = 1; index <= count; index++) {
    const queued = call(index);
    await underWay;
    underWay = queued;
    const now = performance.now();
    times.push(now - before);
    before = now;
  }
  await underWay;
  return median(times);
}
