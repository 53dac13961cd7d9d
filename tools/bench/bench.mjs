// npm run bench: our train step and scoring beside their peers, in turns and in one run. Prints a table, or JSON with --json.
//   train: steps at batch 32 with AdamW, against PyTorch (Debian's python3-torch and libopenblas0-pthread)
//   score: per-example losses of 320 examples, against PyTorch
//   throughput: the same where many batches wait, a worker for each thread
//   job:   all that rho score does from the first example to the manifest, against a bare loop over the same session
//   pool:  the same with a worker for each thread, against one worker
// Words behind it choose: npm run bench -- train resnet:16 --threads 1
// Only where they are asked for:
//   step:      milliseconds of a step of rho with each way of scoring, against a uniform step; --turns 5
//   overlap:   a step whose scoring goes on beside training against both in turn, one thread each; needs RHO_DATA; --case mnist-0.4,…
//   browser:   scoring in a page against bare onnxruntime-web in workers of the same page; needs Chromium and "npm run build:web";
//              --turns 5
//   selection: time and steps to accuracy of uniform and of rho with each way of scoring; needs RHO_DATA (or --case sample), takes
//              hours; --case mnist-0.4,… --settings '[{"name": "int8", "flags": ["--scoring", "int8"]}]' (or a file of it; the
//              first is what others are held against) --seeds 0,1 --steps 500 --budget SECONDS --il-in-budget --out FOLDER (kept,
//              and gone on with)
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { benchBesideTorch } from './besideTorch.mjs';
import { benchBrowser } from './browser.mjs';
import { benchModels, nameOf } from './models.mjs';
import { benchOverlap } from './overlap.mjs';
import { benchScoreJob, jobs } from './scoreJob.mjs';
import { benchSelection } from './selection.mjs';
import { benchSteps, stepModels } from './stepCost.mjs';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean' },
    'il-in-budget': { type: 'boolean' },
    ...Object.fromEntries(
      ['threads', 'case', 'settings', 'seeds', 'steps', 'budget', 'turns', 'out'].map((name) => [
        name,
        { type: 'string' },
      ]),
    ),
  },
  allowPositionals: true,
});
const threadCounts = values.threads?.split(',').map(Number) ?? [...new Set([1, Math.min(2, availableParallelism())])];
const kinds = ['train', 'score', 'throughput', 'job', 'pool'];
const long = ['step', 'overlap', 'browser', 'selection'].filter((kind) => positionals.includes(kind));
const settings =
  values.settings &&
  JSON.parse(values.settings.startsWith('[') ? values.settings : readFileSync(values.settings, 'utf8'));
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

if (long.includes('selection')) {
  const say = (text) => (values.json ? console.error : console.log)(text);
  const cases = values.case?.split(',');
  const seeds = (values.seeds ?? '0,1,2').split(',').map(Number);
  const [steps, budget] = [values.steps, values.budget].map((value) => value && Number(value));
  const threads = threadCounts.at(-1);
  const found = await benchSelection(
    { cases, settings, seeds, steps, budget, ilInBudget: values['il-in-budget'], threads, out: values.out },
    say,
  );
  if (values.json) console.log(JSON.stringify({ results: found }));
  process.exit();
}

if (!values.json)
  console.log(
    `${'what, unit, threads'.padEnd(46)}       ours        peer   ours/peer: median (quartiles) of the turns`,
  );
if (long.includes('step'))
  for (const model of stepModels.filter(({ spec }) => wanted(spec, specs))) {
    const threads = threadCounts.at(-1);
    const row = (way, pairs) => add(`step ${model.spec}, ${way}, ms, ${threads}`, 'uniform', pairs);
    await benchSteps(model, { threads, settings, turns: values.turns && Number(values.turns) }, row, (reason) =>
      reasons.add(reason),
    );
  }
if (long.includes('overlap'))
  for (const name of values.case?.split(',') ?? ['mnist-0.4', 'cifar10n-worse']) {
    const turns = values.turns && Number(values.turns);
    const row = (what, pairs) => add(what, 'in turn', pairs);
    if (!process.env.RHO_DATA) reasons.add(`overlap ${name} skipped: RHO_DATA is not set`);
    else await benchOverlap({ name, root: process.env.RHO_DATA, turns, steps: values.steps }, row);
  }
if (long.includes('browser')) {
  const turns = values.turns && Number(values.turns);
  const asked = positionals.filter((given) => specs.includes(given) || given === 'mlp:64');
  await benchBrowser({ threadCounts, specs: asked, turns }, add, (line) => reasons.add(line)).catch(({ message }) =>
    reasons.add(message),
  );
}
const others = long.length === 0 || positionals.some((given) => kinds.includes(given));
for (const threads of others ? threadCounts : []) {
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
