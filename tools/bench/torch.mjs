import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How the threads of PyTorch wait for work: either way is the faster one for some networks. */
export const waitPolicies = ['PASSIVE', 'default'];

/**
 * A PyTorch that answers how long its steps or batches take; rejects with its reason where it cannot run. It flushes denormal
 * numbers to zero, as we do: without that it would slow down as it converges.
 */
export async function openTorch({ spec, stored, preprocessing }, what, threads, waitPolicy) {
  const words = preprocessing.kind === 'tokens' ? ['--vocabulary', `${preprocessing.vocabulary}`] : [];
  const command = ['tools/bench/torchPeer.py', '--model', spec, '--what', what, '--threads', `${threads}`, ...words];
  if (stored.dtype === 'uint8') command.push('--bytes');
  // Without these PyTorch may fetch fresh pages for its tensors at every step, which doubles its time, or may not: luck.
  const memory = { MALLOC_TRIM_THRESHOLD_: '2000000000', MALLOC_MMAP_THRESHOLD_: '2000000000' };
  const waiting = waitPolicy === 'default' ? {} : { OMP_WAIT_POLICY: waitPolicy };
  const child = spawn('/usr/bin/python3', command, { env: { ...process.env, ...waiting, ...memory } });
  let complaint = '';
  child.on('error', (error) => {
    complaint = error.message;
  });
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`PyTorch did not run: ${complaint.trim().split('\n').at(-1)}`);
    return value;
  };
  await next();
  return {
    /** The median of so many steps or batches, in milliseconds. */
    async run(count) {
      child.stdin.write(`${count}\n`);
      return Number(await next());
    },
    close: () => child.stdin.end(),
  };
}
