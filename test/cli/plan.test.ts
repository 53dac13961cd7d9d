import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../temporaryFolder.ts';
import { rho } from './rho.ts';

const folder = temporaryFolder();
const sample = ['--data', 'idx:data/mnist-sample', '--model', 'mlp:7', '--big-batch', '64', '--small-batch', '8'];

test('a plan measures settings, and its file is taken by rho train', async () => {
  const out = folder.at('plan.json');
  const words = [...sample, '--steps', '500', '--threads', '1', '--device', 'cpu', '--out', out, '--json'];
  const { code, stdout, stderr } = await rho('plan', ...words);
  expect(code, stderr).toBe(0);
  const plan = JSON.parse(stdout);
  expect(stderr).toMatch(/Measuring \d+ settings in 2 rounds: about \d+ s/);
  const verdicts = plan.settings.map(({ verdict }: { verdict: string }) => verdict);
  expect(verdicts.filter((verdict: string) => verdict === 'recommended').length).toBe(1);
  expect(verdicts[0]).toBe('unit');
  for (const { secondsPerStep, steps } of plan.settings) {
    expect(secondsPerStep).toBeGreaterThan(0);
    expect(steps).toBeGreaterThanOrEqual(8);
  }
  // Its products are too small for 8 bits.
  expect(plan.leftOut.every(({ reason }: { reason: string }) => reason.includes('int8'))).toBe(true);
  expect(plan.leftOut.length).toBe(3);
  expect(plan.settings.some(({ flags }: { flags: string }) => flags.includes('--staleness 1 --shortlist 16'))).toBe(
    true,
  );
  expect(plan.irreducible).toBe('zeros');
  expect(plan.run.steps).toBe(500);
  expect(plan.il.trainingSeconds).toBeGreaterThan(0);

  const config = JSON.parse(await readFile(out, 'utf8'));
  expect(config).toMatchObject({ model: 'mlp:7', bigBatch: 64, smallBatch: 8, ...plan.recommended.options });
  const run = folder.at('run');
  const trained = await rho(
    ...['train', '--data', 'idx:data/mnist-sample', '--strategy', 'loss', '--steps', '3', '--config', out],
    ...['--out', run, '--json'],
  );
  expect(trained.code, trained.stderr).toBe(0);
  expect(JSON.parse(trained.stdout).config).toMatchObject(config);
});
