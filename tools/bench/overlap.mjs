import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stepSeconds } from './figures.mjs';
import { rhoJson, trainedEvents } from './rhoProcess.mjs';
import { selectionCases } from './selectionCases.mjs';

const bigBatch = 320;

/** A big batch of irreducible losses by an IL model alone, in seconds, with one thread. */
async function irreducibleAlone(il, data, out) {
  await rhoJson('score', '--model', il, ...data, '--threads', 1, '--out', out);
  const { scoring, count } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
  return (scoring.seconds / count) * bigBatch;
}

/**
 * A step whose scoring goes on beside training, one thread each, against scoring and training in turn with one thread: with stale
 * weights, and with an online IL model as large as the target, which is not trained. `row` takes the pairs of milliseconds.
 */
export async function benchOverlap({ name, root, turns = 3, steps = 60 }, row) {
  const found = selectionCases[name];
  const data = found.data(root);
  const folder = await mkdtemp(join(tmpdir(), 'rho-overlap-'));
  try {
    const il = ['--il-model', found.target[found.target.indexOf('--model') + 1], '--il-epochs', 1];
    await rhoJson('il', ...data, ...il, '--out', join(folder, 'il'));
    const onnx = join(folder, 'il', 'il.onnx');
    const store = join(folder, 'store');
    await rhoJson('score', '--model', onnx, ...data, '--out', store);
    const stepOf = async (what, turn, flags) => {
      const train = [...data, ...found.target, '--steps', steps, '--eval-every', steps, ...flags];
      return 1000 * stepSeconds(await trainedEvents(join(folder, `${what}-${turn}`), train));
    };
    const pairs = { stale: [], online: [] };
    for (let turn = 0; turn < turns; turn++) {
      const inTurn = await stepOf('in-turn', turn, ['--irreducible', store, '--threads', 1]);
      const stale = await stepOf('stale', turn, ['--irreducible', store, '--threads', 2, '--staleness', 1]);
      const alone = 1000 * (await irreducibleAlone(onnx, data, join(folder, `alone-${turn}`)));
      const online = await stepOf('online', turn, ['--irreducible', onnx, '--threads', 2]);
      pairs.stale.push({ ours: stale, peer: inTurn });
      pairs.online.push({ ours: online, peer: inTurn + alone });
    }
    row(`overlap ${name}, staleness 1, ms, 1 + 1`, pairs.stale);
    row(`overlap ${name}, online IL model, ms, 1 + 1`, pairs.online);
  } finally {
    await rm(folder, { recursive: true });
  }
}
