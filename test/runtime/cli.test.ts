import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  eventLines,
  expectRefusal,
  filesIn,
  hasRuntime,
  interrupt,
  type Runtime,
  resultOf,
  root,
  sharedFolder,
  startRho,
  writeDigits,
} from '../cli/rho.ts';

const folder = await sharedFolder();
const words = [
  ...['run', '--data', `idx:${folder.at('digits')}`, '--noise', 'flip:0.2', '--holdout', '500:500', '--threads', '1'],
  ...['--il-model', 'mlp:16', '--il-epochs', '1', '--strategy', 'rho,gradnorm', '--model', 'mlp:32'],
  ...['--big-batch', '64', '--small-batch', '8', '--steps', '40', '--eval-every', '10'],
];

/** The same run on a runtime. */
async function run(runtime: Runtime): Promise<string> {
  const out = folder.at(runtime);
  const { code, signal, stdout, stderr } = await startRho([...words, '--out', out, '--json'], { runtime }).ended;
  // A process that hung would have been killed.
  expect([code, signal], stderr).toEqual([0, null]);
  expect(stdout).toMatch(/^\{.*\}\n$/);
  expect(JSON.parse(stdout).versions.runtime).toMatch(`${runtime} `);
  expect(stderr).not.toMatch(/warning/i);
  return out;
}

let onNode: string;
beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 1000, test: 200 });
  onNode = await run('node');
});

describe.each<Runtime>(['deno', 'bun'])('on %s', (runtime) => {
  const missing = `${runtime} is not installed: npm skipped its optional binary`;

  test('the same command selects the same ids, writes the same weights and ends', async ({ skip }) => {
    skip(!hasRuntime(runtime), missing);
    const out = await run(runtime);
    expect(await filesIn(out)).toEqual(await filesIn(onNode));
    for (const strategy of ['rho', 'gradnorm'])
      expect(await resultOf(join(out, strategy))).toEqual(await resultOf(join(onNode, strategy)));
    for (const file of ['il.onnx', 'il/shard-00000.parquet'])
      expect((await readFile(join(out, file))).equals(await readFile(join(onNode, file))), file).toBe(true);
  });

  test('a run that is interrupted goes on to the same end, be it on another runtime', async ({ skip }) => {
    skip(!hasRuntime(runtime), missing);
    const out = folder.at(`interrupted-${runtime}`);
    const begun = () => eventLines(join(out, 'rho')) > 5;
    const { code, stderr } = await interrupt([...words, '--out', out], 'SIGINT', begun, { runtime });
    expect([code, stderr]).toEqual([130, expect.stringMatching(/\nrho: Interrupted after step \d+ of 40: /)]);
    const resumed = await startRho(['run', '--resume', out]).ended;
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(await resultOf(join(out, 'rho'))).toEqual(await resultOf(join(onNode, 'rho')));
  });

  test('WebAssembly scores as the CPU does on Node', async ({ skip }) => {
    skip(!hasRuntime(runtime), missing);
    const out = folder.at(`wasm-${runtime}`);
    const data = words.slice(1, 7);
    const model = ['--model', join(onNode, 'il.onnx'), '--device', 'wasm', '--out', out];
    const { code, stderr } = await startRho(['score', ...data, ...model], { runtime }).ended;
    expect(code, stderr).toBe(0);
    const [found, expected] = await Promise.all(
      [out, join(onNode, 'il')].map(async (store) => JSON.parse(await readFile(join(store, 'manifest.json'), 'utf8'))),
    );
    expect([found.count, found.scoring.device]).toEqual([500, 'wasm']);
    const { meanLoss, accuracy } = expected.statistics;
    expect(found.statistics.accuracy).toBe(accuracy);
    expect(Math.abs(found.statistics.meanLoss / meanLoss - 1)).toBeLessThan(1e-5);
  });

  test('mistakes end with the same sentences and exit codes', async ({ skip }) => {
    skip(!hasRuntime(runtime), missing);
    const refused = (...more: string[]) => startRho(more, { runtime }).ended;
    expectRefusal(await refused('train', '--data', 'idx:x', '--steps', '1'), 2, 'Cannot train with --strategy rho');
    expectRefusal(await refused('inspect', 'package.json'), 3, 'Cannot read "package.json"');
    const cuda = ['--device', 'cuda', '--out', folder.at('never')];
    expectRefusal(await refused(...words, ...cuda), 4, 'Cannot use the device "cuda"');
  });
});

test('a task of deno.json runs the command in Deno with its arguments', async ({ skip }) => {
  skip(!hasRuntime('deno'), 'deno is not installed: npm skipped its optional binary');
  const PATH = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`;
  const words = ['task', 'rho', 'doctor', '--json'];
  const { stdout } = await promisify(execFile)('deno', words, { cwd: root, env: { ...process.env, PATH } });
  expect(JSON.parse(stdout).versions.runtime).toMatch('deno ');
});

test('the quick start has a command on each runtime', async () => {
  const json = async (name: string) => JSON.parse(await readFile(join(root, name), 'utf8'));
  const { scripts } = await json('package.json');
  expect(scripts.start).toBe('node dist/cli.js run');
  expect(scripts.prestart).toContain('build');
  expect(Object.keys((await json('deno.json')).tasks)).toEqual(['start', 'rho']);
});
