import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { usualData } from '../../src/jobs/defaults.ts';
import { type Host, untilInterrupted } from '../../src/jobs/host.ts';
import { scoreModelFile } from '../../src/jobs/scoreModel.ts';
import { exists } from '../../src/runtime/files.ts';

function hostOf(signal: AbortSignal): Host {
  const nothing = () => undefined;
  const progress = { start: nothing, update: nothing, finish: nothing };
  return { progress, say: nothing, signal, afterInterrupt: () => 'go on', begin: async () => undefined };
}

test('work that is interrupted is not waited for', async () => {
  const abort = new AbortController();
  const host = hostOf(abort.signal);
  expect(await untilInterrupted(host, 'early', Promise.resolve(3))).toBe(3);
  await expect(untilInterrupted(host, 'early', Promise.reject(new Error('its own')))).rejects.toThrow('its own');
  const waiting = untilInterrupted(host, 'while it lasted', new Promise(() => undefined));
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ kind: 'interrupted', message: 'Interrupted while it lasted: go on' });
  // What fails later is heard by nobody.
  await expect(untilInterrupted(host, 'late', Promise.reject(new Error('its own')))).rejects.toThrow(
    'Interrupted late',
  );
});

test('scoring can be interrupted while its data are opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rho-host-'));
  const abort = new AbortController();
  const out = join(folder, 'store');
  const scoring = scoreModelFile(
    'models/mnist-sample-il/il.onnx',
    { ...usualData, data: 'idx:data/mnist-sample' },
    { split: 'all', device: 'cpu', threads: 1 },
    out,
    hostOf(abort.signal),
  );
  abort.abort();
  await expect(scoring).rejects.toThrow('Interrupted while the data were opened: go on');
  expect(await exists(out)).toBe(false);
  await rm(folder, { recursive: true });
});
