import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import {
  type Ended,
  eventLines,
  interrupt,
  resultOf,
  rho,
  rhoJson,
  selectedIds,
  sharedFolder,
  startRho,
  writeDigits,
} from './rho.ts';

const folder = await sharedFolder();
const steps = 100;
const data = ['--data', `idx:${folder.at('digits')}`, '--noise', 'flip:0.2', '--holdout', '600:600', '--threads', '1'];
const target = ['--model', 'mlp:32', '--big-batch', '64', '--small-batch', '8', '--steps', `${steps}`];
// Small batches, so that IL training takes long enough to be interrupted.
const il = ['--il-model', 'mlp:16', '--il-batch', '4', '--il-epochs', '4', '--il-patience', '100'];

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The run that nothing interrupted. */
const whole = folder.at('whole');
const run = ['run', ...data, ...il, ...target, '--strategy', 'rho,uniform'];
const train = ['train', ...data, ...target, '--irreducible', join(whole, 'il')];

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 1200, test: 200 });
  const { code, stderr } = await rho(...run, '--out', whole);
  expect(code, stderr).toBe(0);
});

function checkpoints(out: string): readonly string[] {
  const path = join(out, 'checkpoints');
  return existsSync(path) ? readdirSync(path) : [];
}

async function finish(command: string, out: string): Promise<Ended> {
  const ended = await rho(command, '--resume', out);
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

test('the same seed gives the same ids and the same bytes, another seed others', async () => {
  const again = folder.at('again');
  const other = folder.at('other');
  await rhoJson(...train, '--out', again);
  await rhoJson(...train, '--seed', '1', '--out', other);
  const expected = await resultOf(join(whole, 'rho'));
  expect(await resultOf(again)).toEqual(expected);
  expect((await resultOf(other)).target).not.toBe(expected.target);
  expect((await selectedIds(other))[0]).not.toEqual((await selectedIds(again))[0]);
});

test('a run that is killed again and again, a checkpoint after every step, ends as if nothing had happened', async () => {
  const out = folder.at('killed');
  const moments = [
    () => eventLines(out) > 4,
    // In the middle of writing a checkpoint.
    () => eventLines(out) > 60 || (eventLines(out) > 30 && checkpoints(out).some((name) => name.endsWith('.tmp'))),
    () => eventLines(out) > 70,
  ];
  let words: readonly string[] = [...train, '--checkpoint-every', '0', '--out', out];
  for (const moment of moments) {
    expect((await interrupt(words, 'SIGKILL', moment)).signal).toBe('SIGKILL');
    expect(existsSync(join(out, 'target.onnx'))).toBe(false);
    words = ['train', '--resume', out];
  }
  const { stderr } = await finish('train', out);
  // It went on where it was, and did not begin anew.
  const [, from] = new RegExp(`: (\\d+) of ${steps} to do`).exec(stderr) ?? [];
  expect(Number(from)).toBeGreaterThan(60);
  expect(await resultOf(out)).toEqual(await resultOf(join(whole, 'rho')));
});

test('a run that is killed before and behind a checkpoint replays the steps since then', async () => {
  const out = folder.at('replayed');
  const words = [...train, '--checkpoint-every', '0.05', '--out', out];
  expect((await interrupt(words, 'SIGKILL', () => eventLines(out) > 2)).signal).toBe('SIGKILL');
  const behind = () => {
    const newest = checkpoints(out).findLast((name) => name.endsWith('.safetensors'));
    return newest !== undefined && eventLines(out) > Number(newest.slice(5, 14)) + 5;
  };
  expect((await interrupt(['train', '--resume', out], 'SIGKILL', behind)).signal).toBe('SIGKILL');
  await finish('train', out);
  expect(await resultOf(out)).toEqual(await resultOf(join(whole, 'rho')));
});

test('Ctrl-C ends training after the step under way with a checkpoint, from which it goes on', async () => {
  const out = folder.at('interrupted');
  const { code, stdout, stderr } = await interrupt([...train, '--out', out], 'SIGINT', () => eventLines(out) > 10);
  expect([code, stdout]).toEqual([130, '']);
  const [, step] =
    /\nrho: Interrupted after step (\d+) of 100: go on with "rho train --resume \S+"\n$/.exec(stderr) ?? [];
  expect(checkpoints(out)).toEqual([`step-${step!.padStart(9, '0')}.safetensors`]);
  expect((await selectedIds(out)).length).toBe(Number(step));
  expect((await finish('train', out)).stderr).toContain(`${step} of ${steps} to do`);
  expect(await resultOf(out)).toEqual(await resultOf(join(whole, 'rho')));
});

test('a second Ctrl-C ends the process at once, whatever is computed', async () => {
  // Steps of half the holdout take long enough to be interrupted in their midst.
  const big = ['--il-model', 'mlp:1500,1500', '--il-batch', '300', '--out', folder.at('twice')];
  const started = startRho([...run, ...big]);
  for (const text of ['IL model mlp:1500,1500: 8 to do', 'press Ctrl-C again to quit at once']) {
    while (started.isRunning() && !started.stderr().includes(text)) await pause(1);
    await pause(30);
    started.child.kill('SIGINT');
  }
  const { code, signal, stderr } = await started.ended;
  // A shell calls both 130; the first is for a step that was over before the second interrupt came.
  expect(code ?? signal).toBeOneOf([130, 'SIGINT']);
  expect(stderr).toMatch(/to quit at once\.\n(rho: Interrupted .*\n)?$/);
});

test('an IL stage that is killed, then interrupted, then gone on with gives the same run', async () => {
  const out = folder.at('stage');
  const training = (stderr: string) => stderr.includes('IL model mlp:16: 600 to do');
  expect((await interrupt([...run, '--out', out], 'SIGKILL', training)).signal).toBe('SIGKILL');
  const { code, stderr } = await interrupt(['run', '--resume', out], 'SIGINT', training);
  expect(code).toBe(130);
  expect(stderr).toMatch(
    /\nrho: Interrupted while the IL model was trained, which begins anew: go on with "rho run --resume \S+"\n$/,
  );
  expect(existsSync(join(out, 'il.onnx'))).toBe(false);
  await finish('run', out);
  for (const file of ['il.onnx', 'il/shard-00000.parquet'])
    expect((await readFile(join(out, file))).equals(await readFile(join(whole, file))), file).toBe(true);
  for (const strategy of ['rho', 'uniform'])
    expect(await resultOf(join(out, strategy))).toEqual(await resultOf(join(whole, strategy)));
});

test('Ctrl-C while scoring leaves no whole store, and the run goes on with the IL model it has', async () => {
  // An IL model that is large for what it is, so that scoring takes a while.
  const words = [
    ...['run', '--data', 'idx:data/mnist-sample', '--holdout', '64:5000', '--strategy', 'rho', '--threads', '1'],
    ...['--il-model', 'mlp:800,800', '--il-epochs', '1', '--model', 'mlp:8', '--steps', '3'],
  ];
  const out = folder.at('scoring');
  const { code, stderr } = await interrupt([...words, '--out', out], 'SIGINT', (text) => text.includes('scoring: '));
  expect(code).toBe(130);
  expect(stderr).toMatch(/\nrho: Interrupted while scoring: go on with "rho run --resume \S+"\n$/);
  const model = await readFile(join(out, 'il.onnx'));
  expect(readdirSync(out).sort()).toEqual(['config.json', 'il', 'il.json', 'il.onnx']);
  expect(existsSync(join(out, 'il', 'manifest.json'))).toBe(false);
  expect((await finish('run', out)).stderr).not.toContain('IL model');
  expect((await readFile(join(out, 'il.onnx'))).equals(model)).toBe(true);
  expect((await selectedIds(join(out, 'rho'))).length).toBe(3);
});
