import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { eventLines, interrupt, resultOf, rho, rhoJson, sharedFolder, writeDigits } from './rho.ts';

// What the options of training do to a net with batch normalisation: each leads to other weights, and all of them together to
// the same ones after an interruption.

const folder = await sharedFolder();
const data = ['--data', `idx:${folder.at('digits')}`, '--holdout', '200:200', '--threads', '1'];
const target = ['--model', 'resnet:4', '--big-batch', '32', '--small-batch', '16'];
const common = ['train', ...data, ...target, '--strategy', 'loss'];
const short = [...common, '--steps', '3'];

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 400, test: 40 });
});

async function targetOf(name: string, ...options: readonly string[]): Promise<string> {
  const out = folder.at(name);
  const { code, stderr } = await rho(...short, ...options, '--out', out);
  expect(code, stderr).toBe(0);
  return (await resultOf(out)).target;
}

describe('each option leads to other weights', () => {
  let plain: string;
  beforeAll(async () => {
    plain = await targetOf('plain');
  });

  test.each<[string, ...string[]]>([
    ['--augment', 'crop:2,flip'],
    ['--batch-norm', 'candidates'],
    ['--schedule', 'cosine'],
    ['--warmup', '3'],
    ['--clip', '0.1'],
    ['--decay', 'matrices'],
    ['--optimizer', 'sgd'],
    ['--freeze', 'layer1.*'],
  ])('%s %s', { timeout: 60_000 }, async (...options) => {
    const other = await targetOf(options.join('').replace(/\W/g, ''), ...options);
    expect(other).not.toBe(plain);
  });

  test('and without one the weights are the same again', async () => {
    expect(await targetOf('again')).toBe(plain);
  });
});

test('an interrupted run with all of them is gone on with bit for bit', { timeout: 90_000 }, async () => {
  const all = ['--augment', 'crop:2,flip', '--batch-norm', 'candidates', '--schedule', 'linear', '--warmup', '4'];
  const sgd = ['--optimizer', 'sgd', '--momentum', '0.8', '--lr', '0.01', '--clip', '1', '--decay', 'matrices'];
  const long = [...common, ...all, ...sgd, '--steps', '10'];
  await rhoJson(...long, '--out', folder.at('whole'));
  const out = folder.at('interrupted');
  const words = [...long, '--out', out, '--checkpoint-every', '0'];
  expect((await interrupt(words, 'SIGKILL', () => eventLines(out) > 3)).signal).toBe('SIGKILL');
  const ended = await rho('train', '--resume', out);
  expect(ended.code, ended.stderr).toBe(0);
  expect(await resultOf(out)).toEqual(await resultOf(folder.at('whole')));
});

describe('what cannot be is said before anything is written', () => {
  test.each<[string, RegExp, ...string[]]>([
    ['momentum with AdamW', /^rho: Cannot use --momentum with --optimizer adamw: /, '--momentum', '0.5'],
    ['momentum of one', /Expected a number from 0 up to 1/, '--optimizer', 'sgd', '--momentum', '1'],
    [
      'a crop as wide as the image',
      /^rho: Cannot use --augment crop:28 on images of 28 x 28: /,
      '--augment',
      'crop:28',
    ],
    ['a warm-up longer than the run', /^rho: Cannot warm up for 4 of 3 steps: /, '--warmup', '4'],
    ['everything frozen', /^rho: Cannot freeze \*: nothing would be left to train/, '--freeze', '*'],
    [
      'averages from candidates in TensorFlow.js',
      /Cannot take running averages from candidates with --engine tfjs:cpu: /,
      ...['--batch-norm', 'candidates', '--engine', 'tfjs:cpu'],
    ],
  ])('%s', async (name, message, ...options) => {
    const out = join(folder.at('refused'), name.replace(/\W/g, ''));
    const { code, stderr, stdout } = await rho(...short, ...options, '--out', out);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(eventLines(out)).toBe(0);
  });
});

test('the folder of an IL model is taken for its model', async () => {
  const il = folder.at('il');
  await rho('il', ...data, '--il-model', 'mlp:8', '--il-epochs', '1', '--out', il);
  const mlp = ['train', ...data, '--model', 'mlp:8', '--big-batch', '32', '--small-batch', '8', '--steps', '2'];
  await rhoJson(...mlp, '--irreducible', il, '--out', folder.at('online'));
  await rhoJson(...mlp, '--irreducible', join(il, 'il.onnx'), '--out', folder.at('named'));
  expect(await resultOf(folder.at('online'))).toEqual(await resultOf(folder.at('named')));
});
