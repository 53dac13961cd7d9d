// npm run bench: our train step and scoring beside their peers, in turn and in one run. Prints a table, and JSON with --json.
//   train step: MLP 784-512-512-10, batch 32, AdamW, against PyTorch (Debian's python3-torch and libopenblas0-pthread)
//   scoring:    a million examples through the scorer, against a bare loop over the same session
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { benchScoring } from './scoring.mjs';
import { benchTrainStep } from './trainStep.mjs';

const threadCounts = [...new Set([1, Math.min(2, availableParallelism())])];
const rounds = 5;

/** The PyTorch step in milliseconds, at the better of the two wait policies; null where PyTorch cannot run. */
function torchStep(threads) {
  const times = ['PASSIVE', 'ACTIVE'].map((OMP_WAIT_POLICY) => {
    const command = ['tools/bench/torchMlp.py', '--threads', `${threads}`, '--steps', '200'];
    try {
      const env = { ...process.env, OMP_WAIT_POLICY };
      const output = execFileSync('/usr/bin/python3', command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      return JSON.parse(output).stepMs.median;
    } catch (error) {
      reasons.add(`PyTorch did not run: ${(error.stderr ?? error.message).toString().trim().split('\n').at(-1)}`);
      return Number.NaN;
    }
  });
  return Math.min(...times);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const reasons = new Set();
const results = [];

for (const threads of threadCounts) {
  // In turn, so that a machine that slows down slows both.
  const pairs = [];
  for (let round = 0; round < rounds; round++) pairs.push([await benchTrainStep(threads), torchStep(threads)]);
  results.push({
    name: `train step, ms, ${threads} thread${threads > 1 ? 's' : ''}`,
    ours: median(pairs.map(([ours]) => ours)),
    peer: median(pairs.map(([, torch]) => torch)),
    ratio: median(pairs.map(([ours, torch]) => ours / torch)),
    ratios: pairs.map(([ours, torch]) => ours / torch),
    peerName: 'PyTorch',
  });
}
for (const model of ['mlp:512,512', 'mlp:64']) {
  const pairs = [];
  for (let round = 0; round < rounds; round++) pairs.push(await benchScoring(model, Math.max(...threadCounts)));
  results.push({
    name: `scoring ${model}, examples/s`,
    ours: median(pairs.map(({ scorer }) => scorer)),
    peer: median(pairs.map(({ bare }) => bare)),
    ratio: median(pairs.map(({ scorer, bare }) => scorer / bare)),
    ratios: pairs.map(({ scorer, bare }) => scorer / bare),
    peerName: 'bare loop',
  });
}

if (process.argv.includes('--json')) console.log(JSON.stringify({ results, reasons: [...reasons] }));
else {
  console.log(
    '                                     ours        peer   ours/peer (median, smallest - largest of pairs)',
  );
  for (const { name, ours, peer, ratio, ratios, peerName } of results) {
    const figure = (value) => (value > 1000 ? value.toFixed(0) : value.toFixed(2)).padStart(11);
    const spread = `${Math.min(...ratios).toFixed(2)} - ${Math.max(...ratios).toFixed(2)}`;
    console.log(`${name.padEnd(30)}${figure(ours)} ${figure(peer)}   ${ratio.toFixed(2)} (${spread}), ${peerName}`);
  }
  for (const reason of reasons) console.log(reason);
}
