import { expect, test } from 'vitest';
import { watchDevice } from '../../src/engine/ort/lostDevice.ts';

const sentence =
  'Cannot go on with the device "webgpu": the browser lost its GPU; start it again to go on from what is written';

/** A device that is lost when asked to. */
function device() {
  let lose: (why: string) => void = () => undefined;
  const lost = new Promise<string>((resolve) => {
    lose = resolve;
  });
  return { watch: watchDevice('webgpu', lost), lose: () => lose('the browser lost its GPU') };
}

test('what ends before the device is lost gives what it gives', async () => {
  const { watch, lose } = device();
  expect(await watch.run(async () => 3)).toBe(3);
  await expect(watch.run(() => Promise.reject(new Error('its own')))).rejects.toThrow(/^its own$/);
  expect(watch.isLost()).toBe(false);
  lose();
});

test('a run that never ends rejects when the device is lost', async () => {
  const { watch, lose } = device();
  const run = watch.run(() => new Promise<never>(() => undefined));
  lose();
  await expect(run).rejects.toThrow(sentence);
  expect(watch.isLost()).toBe(true);
});

test('a run that fails just before the news comes tells the news', async () => {
  const { watch, lose } = device();
  const run = watch.run(() => Promise.reject(new Error('mapAsync failed')));
  setTimeout(lose, 20);
  await expect(run).rejects.toThrow(sentence);
});

test('nothing runs on a device that is lost', async () => {
  const { watch, lose } = device();
  lose();
  await Promise.resolve();
  let ran = false;
  const run = watch.run(async () => {
    ran = true;
  });
  await expect(run).rejects.toMatchObject({ message: sentence, kind: 'environment' });
  expect(ran).toBe(false);
});
