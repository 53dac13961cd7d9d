import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PlanRow } from '../../src/jobs/costPlan.ts';
import { interrupt, readEventsOf, rho, rhoJson, sharedFolder, writeDigits } from './rho.ts';

const folder = await sharedFolder();
const data = ['--data', `idx:${folder.at('digits')}`, '--holdout', '500:700'];
const given = [...data, '--model', 'mlp:7', '--big-batch', '64', '--small-batch', '8', '--device', 'cpu'];
const ilModel = folder.at('il/il.onnx');
const store = folder.at('store');

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 1200, test: 100 });
  await rhoJson('il', ...data, '--il-model', 'mlp:16', '--il-epochs', '1', '--threads', '1', '--out', folder.at('il'));
  await rhoJson('score', ...data, '--model', ilModel, '--out', store);
});

/** Names and verdicts, each of which follows from the figures beside it. */
function expectConsistent(settings: readonly PlanRow[]): void {
  expect(settings[0]).toMatchObject({ name: 'uniform', verdict: 'unit', uniformSteps: 1 });
  const recommended = settings.filter(({ verdict }) => verdict === 'recommended');
  expect(recommended.length).toBe(1);
  for (const { verdict, uniformSteps, secondsPerStep } of settings.slice(1)) {
    expect(secondsPerStep).toBeCloseTo(uniformSteps * settings[0]!.secondsPerStep, 12);
    if (verdict === 'dearer') expect(uniformSteps).toBeGreaterThanOrEqual(recommended[0]!.uniformSteps);
  }
}

describe('a plan', () => {
  test('measures settings beside uniform, an IL model that is still to be trained, and the same online', async () => {
    const { code, stdout, stderr } = await rho('plan', ...given, '--steps', '500', '--threads', '2', '--json');
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^Measuring 6 settings in turns with uniform: about \d+ s$/m);
    expect(stderr).toMatch(/^measuring: \d+ in /m);
    const plan = JSON.parse(stdout);
    expectConsistent(plan.settings);
    const kinds = plan.settings.map(({ kind }: PlanRow) => kind);
    expect(kinds.slice(0, 4)).toEqual(['uniform', 'exact', 'reuse', 'shortlist']);
    expect(kinds.at(-1)).toBe('online');
    // Its products are too small for 8 bits.
    expect(plan.leftOut).toEqual([expect.objectContaining({ name: 'int8', reason: expect.stringContaining('int8') })]);
    expect(plan).toMatchObject({
      irreducible: 'zeros',
      run: { steps: 500 },
      il: { model: 'mlp:64', isRecorded: false },
    });
    expect(plan.il.trainingSeconds).toBeGreaterThan(0);
    expect(plan.online.secondsPerStep).toBeGreaterThan(0);
  });

  test('with a store says what its IL model took, and its file is all that rho train needs', async () => {
    const out = folder.at('plan.json');
    const words = [...given, '--irreducible', store, '--steps', '3', '--threads', '1', '--out', out];
    const { code, stdout, stderr } = await rho('plan', ...words);
    expect(code, stderr).toBe(0);
    const { training } = JSON.parse(await readFile(folder.at('il/il.json'), 'utf8'));
    const { scoring } = JSON.parse(await readFile(folder.at('store/manifest.json'), 'utf8'));
    const seconds = (value: number) => `${value.toPrecision(3)}`.slice(0, 3);
    expect(stdout).toContain(`The IL model of ${store} took ${seconds(training.seconds)}`);
    expect(stdout).toContain(`scoring the target half ${seconds(scoring.seconds)}`);
    expect(stdout).toContain('so one such run never pays for it.');
    expect(stdout).toMatch(/^Recommended: --threads 1.*\nWhy: [A-Za-z][^\n]*\.$/m);
    expect(stdout).not.toContain('online');

    const config = JSON.parse(await readFile(out, 'utf8'));
    expect(config).toMatchObject({ model: 'mlp:7', bigBatch: 64, smallBatch: 8, irreducible: store, threads: 1 });
    const run = folder.at('run');
    const trained = await rhoJson('train', '--config', out, '--out', run);
    expect(trained.config).toMatchObject(config);
    expect((await readEventsOf(run)).filter(({ type }) => type === 'step').length).toBe(3);
  });

  test('with an IL model counts what its card says, and measures it online', async () => {
    const plan = await rhoJson('plan', ...given, '--irreducible', ilModel, '--threads', '1');
    expectConsistent(plan.settings);
    expect(plan.settings.at(-1)).toMatchObject({ kind: 'online', verdict: 'online' });
    const { training } = JSON.parse(await readFile(folder.at('il/il.json'), 'utf8'));
    expect(plan.il).toMatchObject({ model: ilModel, isRecorded: true, trainingSeconds: training.seconds });
  });

  test('ends on Ctrl-C', async () => {
    const { code, stdout, stderr } = await interrupt(['plan', ...given], 'SIGINT', (text) =>
      text.includes('measuring:'),
    );
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toMatch(/\nrho: Interrupted while it was measured: run the command again\n$/);
  });
});
