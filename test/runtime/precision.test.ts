import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { hasRuntime, type Runtime, root, sharedFolder } from '../cli/rho.ts';

const folder = await sharedFolder();
const programs: Readonly<Record<Runtime, readonly string[]>> = {
  node: [process.execPath],
  deno: [join(root, 'node_modules/.bin/deno'), 'run', '-A', '--config', join(root, 'deno.json')],
  bun: [join(root, 'node_modules/.bin/bun')],
};

// Digits in 8 bits, by an MLP that takes their bytes as they are and rounds what lies between its layers.
const script = `
  const built = (path) => import('${root}/dist/' + path);
  const { buildArchitecture } = await built('architectures/architecture.js');
  const { openData } = await built('data/open.js');
  const { sha256 } = await built('data/hash.js');
  const { openScorer } = await built('engine/ort/openScorer.js');
  const data = await openData('idx:${root}/data/mnist-sample', 'test');
  const { inputs: stored, preprocessing } = data;
  const model = buildArchitecture('mlp:128,256', { inputDims: stored[0].dims, classes: 10, seed: 1 });
  const hashes = [];
  for (const precision of ['int8', 'fp16']) {
    const options = { name: 'mlp', stored, preprocessing, outputs: ['loss'], device: 'cpu', threads: 1, precision };
    const scorer = await openScorer(model, options);
    const { loss } = await scorer.score(await data.gather([...Array(500).keys()]));
    await scorer.close();
    hashes.push(await sha256(new Uint8Array(loss.buffer)));
  }
  console.log(JSON.stringify(hashes));
`;

async function lossesOn(runtime: Runtime): Promise<unknown> {
  const [program, ...before] = programs[runtime];
  const { stdout } = await promisify(execFile)(program!, [...before, folder.at('score.mjs')], { cwd: folder.at() });
  return JSON.parse(stdout);
}

beforeAll(() => writeFile(folder.at('score.mjs'), script));

test.for<Runtime>(['deno', 'bun'])('losses in int8 and fp16 have the same bits on %s', async (runtime, { skip }) => {
  skip(!hasRuntime(runtime), `${runtime} is not installed: npm skipped its optional binary`);
  const found = await lossesOn(runtime);
  expect(found).toEqual(await lossesOn('node'));
  expect(new Set(found as string[]).size).toBe(2);
});
