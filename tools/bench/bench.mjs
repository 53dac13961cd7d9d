// npm run bench: our train step and scoring beside their peers, in turns and in one run. Prints a table, or JSON with --json.
//   train: steps at batch 32 with AdamW, against PyTorch (Debian's python3-torch and libopenblas0-pthread)
//   score: per-example losses of 320 examples, against PyTorch
//   throughput: the same where many batches wait, a worker for each thread
//   job:   all that rho score does from the first example to the manifest, against a bare loop over the same session
//   pool:  the same with a worker for each thread, against one worker
// Words behind it choose: npm run bench -- train resnet:16 --threads 1
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { benchBesideTorch } from './besideTorch.mjs';
import { benchModels, nameOf } from './models.mjs';
import { benchScoreJob, jobs } from './scoreJob.mjs';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, threads: { type: 'string' } },
  allowPositionals: true,
});
const threadCounts = values.threads?.split(',').map(Number) ?? [...new Set([1, Math.min(2, availableParallelism())])];
const kinds = ['train', 'score', 'throughput', 'job', 'pool'];
const wanted = (word, among) => !positionals.some((given) => among.includes(given)) || positionals.includes(word);
const specs = benchModels.map(({ spec }) => spec);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const results = [];
const reasons = new Set();

function add(name, peerName, pairs) {
  const ratios = pairs.map(({ ours, peer }) => ours / peer).sort((a, b) => a - b);
  const quartile = (share) => ratios[Math.floor((ratios.length - 1) * share)];
  const result = {
    name,
    peerName,
    ours: median(pairs.map((pair) => pair.ours)),
    peer: median(pairs.map((pair) => pair.peer)),
    ratio: median(ratios),
    quartiles: [quartile(0.25), quartile(0.75)],
  };
  results.push(result);
  if (!values.json) console.log(rowOf(result));
}

function rowOf({ name, ours, peer, ratio, quartiles, peerName }) {
  const figure = (value) => (value > 1000 ? value.toFixed(0) : value.toFixed(2)).padStart(11);
  const spread = quartiles.map((value) => value.toFixed(2)).join(' - ');
  return `${name.padEnd(46)}${figure(ours)} ${figure(peer)}   ${ratio.toFixed(2)} (${spread}), ${peerName}`;
}

if (!values.json)
  console.log(
    `${'what, unit, threads'.padEnd(46)}       ours        peer   ours/peer: median (quartiles) of the turns`,
  );
for (const threads of threadCounts) {
  for (const what of ['train', 'score', 'throughput'])
    for (const model of benchModels.filter(({ spec }) => wanted(spec, specs) && wanted(what, kinds))) {
      try {
        const name = `${what} ${nameOf(model)}, ms, ${threads}`;
        add(name, 'PyTorch', await benchBesideTorch(model, what, threads));
      } catch (error) {
        reasons.add(error.message);
      }
    }
  for (const job of jobs.filter(({ spec }) => wanted(spec, specs))) {
    if (wanted('job', kinds))
      add(`job ${job.spec}, examples/s, ${threads}`, 'bare loop', await benchScoreJob(job, { threads }));
    if (wanted('pool', kinds) && threads > 1)
      add(`pool ${job.spec}, examples/s, ${threads}`, 'one worker', await benchScoreJob(job, { threads, peer: 'one' }));
  }
}
if (values.json) console.log(JSON.stringify({ results, reasons: [...reasons] }));
else for (const reason of reasons) console.log(reason);
