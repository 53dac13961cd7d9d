// node tools/bench/storeScale.mjs [--examples 10000,100000,1000000,10000000]: `rho score` as a process on more and more
// synthetic examples. Prints seconds, microseconds an example and what its memory was at each quarter of the work, in MB.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildArchitecture } from '../../dist/architectures/architecture.js';
import { writeModel } from '../../dist/onnx/model.js';

const { values } = parseArgs({ options: { examples: { type: 'string', default: '10000,100000,1000000,10000000' } } });
const width = 16;
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'rho-scale-'));
try {
  const model = join(folder, 'il.onnx');
  await writeFile(model, writeModel(buildArchitecture('mlp:64', { inputDims: [width], classes: 10, seed: 0 })));
  console.log('examples   seconds of scoring   us an example   whole process, s   memory at 0, 1/4 … 1, MB   peak, MB');
  for (const examples of values.examples.split(',').map(Number)) {
    await writeNpy(join(folder, 'train-x.npy'), examples, [width]);
    await writeNpy(join(folder, 'train-y.npy'), examples, []);
    console.log(rowOf(examples, await score(model, join(folder, `store-${examples}`))));
  }
} finally {
  await rm(folder, { recursive: true });
}

function rowOf(examples, { seconds, whole, memory, peak }) {
  const quarters = [0, 0.25, 0.5, 0.75, 1].map((share) => memory[Math.floor((memory.length - 1) * share)]);
  const columns = [
    examples,
    seconds.toFixed(2),
    ((1e6 * seconds) / examples).toFixed(2),
    whole.toFixed(1),
    quarters.join(' '),
    peak,
  ];
  return columns.map((column) => String(column).padEnd(16)).join(' ');
}

/** Runs the command and looks at its memory ten times a second while it scores. */
async function score(model, store) {
  const words = ['score', '--data', `npy:${folder}`, '--model', model, '--split', 'all', '--out', store, '--json'];
  const began = performance.now();
  const child = spawn(process.execPath, [cli, ...words], { stdio: ['ignore', 'pipe', 'ignore'] });
  const memory = [];
  const look = setInterval(() => memory.push(megabytes(child.pid, 'VmRSS')), 100);
  let peak = 0;
  const lookAtPeak = setInterval(() => {
    peak = Math.max(peak, megabytes(child.pid, 'VmHWM'));
  }, 20);
  let text = '';
  for await (const part of child.stdout) text += part;
  clearInterval(look);
  clearInterval(lookAtPeak);
  const { seconds } = JSON.parse(text);
  const whole = (performance.now() - began) / 1000;
  // The last ones are of scoring, those before of opening the data.
  return { seconds, whole, peak, memory: memory.slice(-Math.max(2, Math.round(10 * seconds))) };
}

function megabytes(pid, field) {
  try {
    const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Math.round(kilobytes / 1024);
  } catch {
    return 0;
  }
}

/** Bytes that repeat after a million examples, 0 … 9. */
async function writeNpy(path, examples, dims) {
  const shape = [examples, ...dims].join(', ');
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape}${dims.length === 0 ? ',' : ''}), }`;
  const text = Buffer.from(`${header.padEnd(117)}\n`);
  const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]);
  const size = dims.reduce((product, dim) => product * dim, 1);
  const some = Math.min(examples, 1_000_000);
  const block = Buffer.from({ length: some * size }, (_, i) => ((i * 7919) >> 3) % 10);
  const file = await open(path, 'w');
  await file.writeFile(Buffer.concat([magic, text]));
  for (let done = 0; done < examples; done += some)
    await file.writeFile(block.subarray(0, size * Math.min(some, examples - done)));
  await file.close();
}
