// npm run bench: our train step and scoring beside their peers, in turns and in one run. Prints a table, or JSON with --json.
//   train step: MLP 784-512-512-10, batch 32, AdamW, against PyTorch (Debian's python3-torch and libopenblas0-pthread)
//   scoring:    a million examples through the scorer, against a bare loop over the same session
import { availableParallelism } from 'node:os';
import { benchScoring } from './scoring.mjs';
import { benchTrainStep } from './trainStep.mjs';

const threadCounts = [...new Set([1, Math.min(2, availableParallelism())])];
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const results = [];
const reasons = [];

function add(name, peerName, pairs) {
  const ratios = pairs.map(({ ours, peer }) => ours / peer).sort((a, b) => a - b);
  const quartile = (share) => ratios[Math.floor((ratios.length - 1) * share)];
  const ours = median(pairs.map((pair) => pair.ours));
  const peer = median(pairs.map((pair) => pair.peer));
  results.push({ name, peerName, ours, peer, ratio: median(ratios), quartiles: [quartile(0.25), quartile(0.75)] });
}

for (const threads of threadCounts) {
  try {
    add(`train step, ms, ${threads}`, 'PyTorch', await benchTrainStep(threads));
  } catch (error) {
    reasons.push(error.message);
  }
}
for (const model of ['mlp:512,512', 'mlp:64'])
  for (const threads of threadCounts)
    add(`scoring ${model}, examples/s, ${threads}`, 'bare loop', await benchScoring(model, threads));

if (process.argv.includes('--json')) console.log(JSON.stringify({ results, reasons }));
else {
  console.log('what, unit, threads                   ours        peer   ours/peer: median (quartiles) of the turns');
  for (const { name, ours, peer, ratio, quartiles, peerName } of results) {
    const figure = (value) => (value > 1000 ? value.toFixed(0) : value.toFixed(2)).padStart(11);
    const spread = quartiles.map((value) => value.toFixed(2)).join(' - ');
    console.log(`${name.padEnd(34)}${figure(ours)} ${figure(peer)}   ${ratio.toFixed(2)} (${spread}), ${peerName}`);
  }
  for (const reason of reasons) console.log(reason);
}
