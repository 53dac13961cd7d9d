import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { costOfIrreducible } from '../../src/jobs/irreducibleCost.ts';
import { gpuTraces } from '../../src/runtime/gpuTraces.ts';
import {
  type Ended,
  expectRefusal,
  filesIn,
  readEventsOf,
  resultOf,
  rho,
  rhoJson,
  rhoProcess,
  selectedIds,
  sharedFolder,
  startRho,
  writeDigits,
} from './rho.ts';

const folder = await sharedFolder();
const digits = `idx:${folder.at('digits')}`;
const run = folder.at('run');
const data = ['--data', digits, '--noise', 'flip:0.2', '--holdout', '700:700', '--threads', '1'];
const il = ['--il-epochs', '1', '--il-model', 'mlp:16'];
const target = ['--model', 'mlp:32', '--big-batch', '64', '--small-batch', '8', '--steps', '30', '--eval-every', '10'];
const strategies = ['rho', 'uniform', 'loss', 'gradnorm', 'il'];

let ran: Ended;
beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 1500, test: 300 });
  ran = await rhoProcess('run', ...data, ...il, ...target, '--strategy', strategies.join(), '--out', run, '--json');
});

/** The JSON in a file. */
// biome-ignore lint/suspicious/noExplicitAny: whatever stands there
async function json(...names: string[]): Promise<any> {
  return JSON.parse(await readFile(join(...names), 'utf8'));
}

test('run --json prints one object on standard output, and its progress on standard error', () => {
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stdout).toMatch(/^\{.*\}\n$/);
  const { strategies: found, config, folder: written, data: of, ilSeconds } = JSON.parse(ran.stdout);
  expect(Object.keys(found)).toEqual(strategies);
  expect(written).toBe(run);
  expect(of).toMatchObject({ name: digits, target: 700, holdout: 700, test: 300, classes: 10, noise: 'flip:0.2' });
  expect(config).toMatchObject({ holdout: '700:700', bigBatch: 64, ilModel: 'mlp:16', seeds: [0], strategies });
  expect(ilSeconds).toBeGreaterThan(0);
  expect(ran.stderr).toContain(`an interrupted run goes on with: rho run --resume ${run}`);
  for (const label of ['IL model mlp:16', 'scoring', ...strategies]) expect(ran.stderr).toContain(`${label}: `);
});

test('a run folder holds what it says, and nothing half-written', async () => {
  expect(await filesIn(run)).toEqual(
    [
      ...['config.json', 'report.html', 'report.json'],
      ...['il.json', 'il.onnx', 'il/manifest.json', 'il/shard-00000.parquet'],
      ...strategies.flatMap((name) => [`${name}/events.jsonl`, `${name}/target.onnx`]),
    ].sort(),
  );
  expect(await json(run, 'config.json')).toMatchObject({
    format: 'rho-loss-run',
    version: 1,
    job: 'run',
    command: expect.stringMatching(/^rho run --data idx:/),
    options: { model: 'mlp:32', steps: 30, smallBatch: 8 },
  });
  expect((await json(run, 'report.json')).command).toBe((await json(run, 'config.json')).command);
});

test('every strategy trains on eight of the 64 candidates of each step', async () => {
  const chosen = await Promise.all(strategies.map((name) => selectedIds(join(run, name))));
  for (const ids of chosen) {
    expect(ids.length).toBe(30);
    for (const step of ids) expect(new Set(step).size).toBe(8);
  }
  expect(new Set(chosen.map(String)).size).toBe(strategies.length);
});

test('selection by reducible loss passes noisy points over, selection by loss seeks them', async () => {
  const { strategies: found } = JSON.parse(ran.stdout);
  const share = (name: string) => found[name].corruptedShare.overall;
  expect(share('rho')).toBeLessThan(share('loss'));
  expect(share('il')).toBeLessThan(0.1);
});

test('run without --data takes the sample that ships with two fifths of its labels flipped', async () => {
  const small = ['--steps', '5', '--model', 'mlp:8', '--il-model', 'mlp:8', '--il-epochs', '1', '--strategy', 'rho'];
  const { code, stdout, stderr } = await startRho(['run', ...small], { cwd: folder.at() }).ended;
  expect(code, stderr).toBe(0);
  const [, written] = /^Report: (runs\/run-[\dT-]+)\/report\.html$/m.exec(stdout) ?? [];
  expect(stdout).toMatch(/^ rho /m);
  const report = await json(folder.at(written!), 'report.json');
  expect(report.data).toMatchObject({ target: 10_000, holdout: 10_000, test: 2000, noise: 'flip:0.4' });
  expect(report.data.name).toMatch(/data\/mnist-sample$/);
  expect(report.data.noiseRate).toBeCloseTo(0.4, 1);
});

test('il writes a model with a card that says what it has seen', async () => {
  const out = folder.at('il-alone');
  const card = await rhoJson('il', ...data, ...il, '--out', out);
  expect(await filesIn(out)).toEqual(['il.json', 'il.onnx']);
  expect(await json(out, 'il.json')).toEqual(card);
  expect(card).toMatchObject({
    format: 'rho-loss-il-card',
    version: 1,
    trainedOn: { ids: { count: 700, length: 1500 } },
  });
  // Two looks in a pass of 21 batches; the one with the lowest loss was kept.
  expect(card.checks.map(({ step }: { step: number }) => step)).toEqual([10, 20]);
  expect(card.best.loss).toBe(Math.min(...card.checks.map(({ loss }: { loss: number }) => loss)));
  // The seed of an IL model in a run is its data seed, here 0 like the seed of il.
  expect(await readFile(join(out, 'il.onnx'))).toEqual(await readFile(join(run, 'il.onnx')));
});

test('score writes the store that a run makes by the way', async () => {
  const out = folder.at('store');
  const { count, statistics } = await rhoJson('score', '--model', join(run, 'il.onnx'), ...data, '--out', out);
  expect(count).toBe(700);
  expect(statistics.nan).toBe(0);
  const shard = 'shard-00000.parquet';
  expect(await readFile(join(out, shard))).toEqual(await readFile(join(run, 'il', shard)));
});

test('train from a store gives the very target that the run trained', async () => {
  const out = folder.at('train');
  const { strategies: found, ledger } = await rhoJson(
    'train',
    ...data,
    ...target,
    '--irreducible',
    join(run, 'il'),
    '--out',
    out,
  );
  expect(Object.keys(found)).toEqual(['rho']);
  const { training } = await json(run, 'il.json');
  const { scoring } = await json(run, 'il', 'manifest.json');
  expect(ledger.rho.irreducibleSeconds).toBeCloseTo(training.seconds + scoring.seconds, 9);
  expect(ledger.rho.irreducibleSource).toContain(`, from ${join(run, 'il.json')}, `);
  expect(ledger.rho.irreducibleSource).toContain(`of scoring by it, from ${join(run, 'il', 'manifest.json')}`);
  expect(await resultOf(out)).toEqual(await resultOf(join(run, 'rho')));
  expect(await filesIn(out)).toEqual(['config.json', 'events.jsonl', 'report.html', 'report.json', 'target.onnx']);
});

test('options without a value are named in config.json, not listed, and are the same again where a run goes on', async () => {
  const { options, without } = await json(run, 'config.json');
  expect(Object.values(options)).not.toContain(null);
  expect(without).toEqual(expect.arrayContaining(['labels', 'clip', 'reuse', 'epochs', 'irreducible']));
  const before = (await json(run, 'report.json')).config;
  const { config } = await rhoJson('run', '--resume', run);
  expect(config).toEqual(before);
});

test('what irreducible losses from elsewhere cost is not known, and the report says why', async () => {
  const store = folder.at('apart', 'store');
  await cp(join(run, 'il'), store, { recursive: true });
  const manifest = await json(store, 'manifest.json');
  manifest.models[0].name = 'gone.onnx';
  await writeFile(join(store, 'manifest.json'), JSON.stringify(manifest));
  const out = folder.at('unknown-cost');
  const { stdout } = await rho('train', ...data, ...target, '--irreducible', store, '--out', out);
  expect(stdout.replaceAll('\n', ' ')).toMatch(
    /Not counted: the irreducible losses, whose cost is not known \(no il\.json of their IL model was found, .*; [\d.]+ s of scoring, from/,
  );
  const html = await readFile(join(out, 'report.html'), 'utf8');
  expect(html).toContain('What the irreducible losses cost is not known: no il.json');
  // Nothing is said of a uniform run where there was none.
  expect(html).not.toMatch(/Only|uniform (reached|not|\d)|step gain</);
  expect(html).not.toContain('null');
});

test('the card of an IL model is found beside a store that was moved, and only where it is of that very model', async () => {
  const store = folder.at('moved', 'store');
  await cp(join(run, 'il'), store, { recursive: true });
  const path = join(store, 'manifest.json');
  const manifest = await json(path);
  manifest.models[0].name = 'elsewhere/il.onnx';
  await writeFile(path, JSON.stringify(manifest));
  const card = folder.at('moved', 'il.json');
  const scoring = { seconds: manifest.scoring.seconds, from: path };
  expect(await costOfIrreducible(store)).toEqual({ training: null, scoring });
  await cp(join(run, 'il.json'), card);
  const { training } = await json(card);
  expect(await costOfIrreducible(store)).toEqual({ training: { seconds: training.seconds, from: card }, scoring });
  await writeFile(card, (await readFile(card, 'utf8')).replace(manifest.models[0].fingerprint, '0'.repeat(64)));
  expect(await costOfIrreducible(store)).toEqual({ training: null, scoring });
  // A damaged card must not end a run that is over.
  await writeFile(card, '{');
  expect(await costOfIrreducible(store)).toEqual({ training: null, scoring });
});

test('train with an IL model scores online and selects as from the store', async () => {
  const out = folder.at('online');
  const { ledger } = await rhoJson('train', ...data, ...target, '--irreducible', join(run, 'il.onnx'), '--out', out);
  expect(ledger.rho.irreducibleSeconds).toBe((await json(run, 'il.json')).training.seconds);
  expect(ledger.rho.irreducibleSource).toContain('scoring by it is in the time of every step');
  // Losses agree to 1e-6, so that only a near tie could fall otherwise.
  const [online, stored] = [await selectedIds(out), await selectedIds(join(run, 'rho'))];
  expect(online.slice(0, 5)).toEqual(stored.slice(0, 5));
});

test('train --strategy uniform needs no irreducible losses, and --epochs counts passes over the candidates', async () => {
  const out = folder.at('uniform');
  const small = ['--model', 'mlp:8', '--big-batch', '100', '--epochs', '1.5'];
  await rhoJson('train', ...data, ...small, '--strategy', 'uniform', '--out', out);
  // Seven big batches of 100 in 700 examples, half of that rounded up.
  expect((await selectedIds(out)).length).toBe(11);
  expect((await readEventsOf(out)).at(-1)).toMatchObject({ type: 'evaluation', step: 11, epochs: 11 / 7 });
});

test('compare --json prints figures per seed for every strategy and target', async () => {
  const out = folder.at('compare');
  const seeds = ['--seed', '4,2,3', '--data-seed', '0,1,0', '--strategy', 'uniform,rho', '--target', '0.1,0.999'];
  const printed = await rhoJson('compare', ...data, ...il, ...target, ...seeds, '--out', out);
  expect(Object.keys(printed).sort()).toEqual([
    'config',
    'data',
    'folder',
    'ilSeconds',
    'ledger',
    'strategies',
    'versions',
  ]);
  // Two IL models are shared by three runs that use them.
  expect(printed.ledger).toEqual({ rho: expect.objectContaining({ sharedBy: 1.5 }) });
  expect(printed.ledger.rho.irreducibleSeconds).toBeCloseTo(printed.ilSeconds, 9);
  expect(printed.ledger.rho.secondsPerStep).toBeGreaterThan(0);
  expect(printed.config).toMatchObject({ seeds: [4, 2, 3], dataSeeds: [0, 1, 0], targets: ['0.1', '0.999'] });
  expect(printed.versions).toMatchObject({ rhoLoss: expect.any(String), onnxruntime: expect.any(String) });

  const number = expect.any(Number);
  const figures = { mean: number, perSeed: [number, number, number] };
  const never = { mean: null, perSeed: [null, null, null] };
  const share = { overall: number, byWindow: { '1-50': number } };
  const reached = { '0.1': figures, '0.999': never };
  const summary = {
    stepsToTarget: reached,
    secondsToTarget: reached,
    epochsToTarget: reached,
    finalAccuracy: { ...figures, lastFiveMean: number },
    accuracyAfter: expect.any(Object),
    seconds: figures,
    corruptedShare: share,
    learntShare: share,
  };
  expect(printed.strategies).toEqual({ uniform: summary, rho: summary });
  expect(Object.keys(printed.strategies)).toEqual(['uniform', 'rho']);
  expect(Object.keys(printed.strategies.rho.accuracyAfter)).toEqual(
    Object.keys(printed.strategies.uniform.accuracyAfter),
  );

  // Figures stand in the order of the seeds, whichever data seed they go with.
  for (const [index, [seed, dataSeed]] of [
    [4, 0],
    [2, 1],
    [3, 0],
  ].entries()) {
    const events = await readEventsOf(join(out, `rho-seed-${seed}`));
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    const made = { data: hash, test: hash, model: hash };
    const scoring = { form: 'exact', staleness: 0, refresh: 1, shortlist: null, reuse: null, inOneGraph: true };
    const sides = { threads: 1, scoreThreads: null, onlineThreads: null, cores: availableParallelism() };
    const costs = { ...sides, scoring, bigBatch: 64, smallBatch: 8 };
    const start = { type: 'start', version: 1, strategy: 'rho', seed, dataSeed, ...made, block: null, ...costs };
    expect(events[0]).toEqual(start);
    expect(events.at(-1)).toMatchObject({ accuracy: printed.strategies.rho.finalAccuracy.perSeed[index] });
  }
  // An IL model for each data seed, and a target for each seed and strategy.
  const models = (await filesIn(out)).filter((name) => name.endsWith('.onnx'));
  expect(models).toEqual([
    ...['data-seed-0/il.onnx', 'data-seed-1/il.onnx', 'rho-seed-2/target.onnx', 'rho-seed-3/target.onnx'],
    ...['rho-seed-4/target.onnx', 'uniform-seed-2/target.onnx', 'uniform-seed-3/target.onnx'],
    'uniform-seed-4/target.onnx',
  ]);
});

test('report renders a finished run again without its data, and prints what the run printed', async () => {
  const path = join(run, 'report.html');
  const html = await readFile(path);
  await rm(path);
  expect(await rhoJson('report', run)).toEqual(JSON.parse(ran.stdout));
  expect(await readFile(path)).toEqual(html);
});

test('resuming a finished run prints its results and leaves its files alone', async () => {
  const before = await stat(join(run, 'rho/target.onnx'));
  const { strategies: found, config } = await rhoJson('run', '--resume', run);
  expect(found).toEqual(JSON.parse(ran.stdout).strategies);
  expect(config).toEqual(JSON.parse(ran.stdout).config);
  expect((await stat(join(run, 'rho/target.onnx'))).mtimeMs).toBe(before.mtimeMs);
});

test('inspect tells a model, a store and a run apart', async () => {
  const model = await rhoJson('inspect', join(run, 'rho/target.onnx'));
  expect(model).toMatchObject({
    inputs: ['input: float32 [batch, 1, 28, 28]'],
    outputs: ['logits: float32 [batch, 10]'],
    parameters: 784 * 32 + 32 + 32 * 10 + 10,
    nodes: { Flatten: 1, Gemm: 2, Relu: 1 },
    trainable: ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias'],
    untrainable: null,
  });
  expect(await json(run, 'il/manifest.json')).toMatchObject(await rhoJson('inspect', join(run, 'il')));
  expect((await rho('inspect', join(run, 'il'))).stdout).toContain(`700 of 1500 examples (target) of ${digits}`);
  expect((await rho('inspect', run)).stdout).toMatch(/^ gradnorm /m);
});

test('doctor says what works here and why the rest does not', async () => {
  const { versions, onnxruntimeWeb, threads, devices, auto } = await rhoJson('doctor');
  expect(versions.runtime).toBe(`node ${process.versions.node}`);
  expect(threads).toBeGreaterThan(0);
  expect(devices.map(({ device }: { device: string }) => device)).toEqual(['cpu', 'cuda', 'webgpu', 'wasm']);
  for (const at of [0, 3]) expect(devices[at]).toMatchObject({ works: true, software: false });
  for (const { reason } of devices) expect(reason).toMatch(/^(?!.*onnxruntime_src)[^\n]+[^\n.]$/);
  expect(devices.filter(({ works }: { works: boolean }) => works)).toContainEqual(
    expect.objectContaining({ device: auto.device, software: false }),
  );
  expect(onnxruntimeWeb).toBe(versions.onnxruntime);
});

test.skipIf(gpuTraces().cudaLibrary)('doctor --install cuda without a network ends in one sentence', async () => {
  // A proxy that nobody serves stands in for no network, which a test cannot take away.
  const env = {
    ...process.env,
    GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9',
    GLOBAL_AGENT_HTTP_PROXY: 'http://127.0.0.1:9',
  };
  const ended = await startRho(['doctor', '--install', 'cuda'], { env }).ended;
  expectRefusal(
    ended,
    4,
    /^rho: Cannot fetch (CUDA libraries for |the CUDA libraries of onnxruntime-node from NuGet \(.+\): )/,
  );
});

test('what is chosen by --device auto is told, and recorded', async () => {
  const [, device] = /^Device: (\w+) \(auto: .+\)$/m.exec(ran.stderr) ?? [];
  expect(JSON.parse(ran.stdout).config.device).toBe(device);
  const words = [
    'score',
    '--data',
    digits,
    '--model',
    join(run, 'il.onnx'),
    '--device',
    'wasm',
    '--out',
    folder.at('wasm'),
  ];
  const { code, stderr } = await rho(...words);
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain('Device: ');
  expect((await json(folder.at('wasm/manifest.json'))).scoring.device).toBe('wasm');
});

test.each(['run', 'il', 'score', 'train', 'compare', 'report', 'inspect', 'doctor'])(
  '%s --help shows options and examples',
  async (command) => {
    const { code, stdout, stderr } = await rho(command, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: rho ${command} [options]`);
    expect(stdout).toMatch(new RegExp(`\nExamples:\n(  rho ${command} ?.*\n)+$`));
  },
);

test('a process ends with the output and the exit code of its command', async () => {
  for (const words of [['--version'], ['trian'], ['inspect', 'package.json'], ['report', run]]) {
    const ended = await rhoProcess(...words);
    expect(ended).toEqual(await rho(...words));
    expect(ended.code).toBe({ trian: 2, inspect: 3 }[words[0]!] ?? 0);
  }
});

test('--help lists the commands and exit codes, --version says which this is', async () => {
  const { code, stdout } = await rhoProcess('--help');
  expect(code).toBe(0);
  for (const command of ['run', 'il', 'score', 'train', 'compare', 'report', 'inspect', 'doctor'])
    expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  expect(stdout).toMatch(/Exit codes: 0 done, 1 failure, 2 usage, 3 bad data or model, 4 .*, 130 interrupted\n$/);
  expect((await rho('--version')).stdout).toBe(`${(await json('package.json')).version}\n`);
});

test('options come from --config where the command line has none', async () => {
  const config = folder.at('config.json');
  const options = {
    data: digits,
    strategy: 'uniform',
    model: 'mlp:8',
    bigBatch: 50,
    smallBatch: 5,
    epochs: 3,
    test: null,
  };
  await writeFile(config, JSON.stringify(options));
  const out = folder.at('configured');
  const flags = ['--small-batch', '4', '--steps', '2', '--out', out];
  const { config: used } = await rhoJson('train', '--config', config, ...flags);
  expect(used).toMatchObject({ model: 'mlp:8', bigBatch: 50, smallBatch: 4, steps: 2, epochs: null, lr: 1e-3 });
  expect((await selectedIds(out)).map((ids) => ids.length)).toEqual([4, 4]);
});

test.each<[string, object, string]>([
  ['an unknown key', { bigBach: 3 }, '"bigBach" in'],
  ['a value that does not fit', { bigBatch: 2.5 }, 'bigBatch 2.5 in'],
  ['a table where text belongs', { holdout: { N: 1 } }, 'holdout {"N":1} in'],
  ['steps and epochs', { steps: 2, epochs: 2 }, 'Cannot train for both 2 steps and 2 epochs'],
])('%s in --config is refused', async (_what, options, sentence) => {
  const config = folder.at('wrong.json');
  await writeFile(config, JSON.stringify({ data: digits, strategy: 'uniform', ...options }));
  expectRefusal(await rho('train', '--config', config, '--out', folder.at('never')), 2, sentence);
  expect(await filesIn(folder.at('never'))).toEqual([]);
});
