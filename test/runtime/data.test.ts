import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { beforeAll, expect, test } from 'vitest';
import { hasRuntime, type Runtime, root, sharedFolder } from '../cli/rho.ts';
import { npyOf } from '../data/npyOf.ts';
import { imagesParquet, textsParquet } from '../data/parquetOf.ts';
import { tarOf } from '../data/tarOf.ts';

const folder = await sharedFolder();
const programs: Readonly<Record<Runtime, readonly string[]>> = {
  node: [process.execPath],
  deno: [join(root, 'node_modules/.bin/deno'), 'run', '-A', '--config', join(root, 'deno.json')],
  bun: [join(root, 'node_modules/.bin/bun')],
};

const specs = [
  ...['cifar:pictures.tar.gz', 'tsv:texts.tsv.gz', 'csv:texts.csv', 'jsonl:texts.jsonl', 'parquet:texts.parquet'],
  ...['parquet:pictures.parquet', 'npy:arrays', 'images:pictures'],
];

const script = `
  const built = (path) => import('${root}/dist/' + path);
  const { openData } = await built('data/open.js');
  const { giveLabels } = await built('data/givenLabels.js');
  const { fingerprintData } = await built('data/fingerprint.js');
  const { sha256 } = await built('data/hash.js');
  const read = [];
  for (const spec of ${JSON.stringify(specs)}) {
    const options = { inMemory: 0, ...(spec === 'images:pictures' && { imageSize: 24 }) };
    const dataset = await giveLabels(await openData(spec, 'train', options), 'labels.csv:human');
    const [{ data }] = (await dataset.gather([1, 0])).inputs;
    const hashes = [dataset.contentHash, await dataset.hashOfFirst(1), await sha256(new Uint8Array(data.buffer))];
    read.push([spec, dataset.classNames, await fingerprintData(dataset), ...hashes, ...dataset.labels]);
  }
  console.log(JSON.stringify(read));
`;

async function readOn(runtime: Runtime): Promise<unknown[]> {
  const [program, ...before] = programs[runtime];
  const { stdout } = await promisify(execFile)(program!, [...before, folder.at('read.mjs')], { cwd: folder.at() });
  return JSON.parse(stdout);
}

/** A picture of many colours. */
function picture(seed: number): Uint8Array {
  const data = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * at * seed + 31 * at) % 256));
  return jpeg.encode({ width: 32, height: 32, data }, 75).data;
}

beforeAll(async () => {
  const pictures = tarOf([
    ['00000_cat.jpg', picture(3)],
    ['00001_dog.jpg', picture(7)],
  ]);
  await writeFile(folder.at('pictures.tar.gz'), gzipSync(pictures));
  await writeFile(folder.at('vocab.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\n##ness\ncafe\n中\n!\n');
  await writeFile(folder.at('texts.tsv.gz'), gzipSync('sentence\tlabel\nGOODNESS! 中文\t1\nun café\u00a0good\t0\n'));
  await writeFile(folder.at('texts.csv'), 'text,label\n"GOODNESS, 中文",1\n"a ""café""",0\n');
  await writeFile(
    folder.at('texts.jsonl'),
    '{"text": "GOODNESS, 中文", "label": "b"}\n{"text": "café", "label": "a"}\n',
  );
  await writeFile(folder.at('texts.parquet'), textsParquet(['GOODNESS, 中文', 'café'], ['b', 'a']));
  await writeFile(folder.at('pictures.parquet'), imagesParquet([picture(3), picture(7)], [0, 1], { rowGroupSize: 1 }));
  await mkdir(folder.at('pictures/train/cat'), { recursive: true });
  for (const seed of [3, 7]) await writeFile(folder.at(`pictures/train/cat/${seed}.jpg`), picture(seed));
  await mkdir(folder.at('arrays'));
  await writeFile(folder.at('arrays/train-x.npy'), npyOf('<f4', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)));
  await writeFile(folder.at('arrays/train-y.npy'), npyOf('<i8', [2], BigInt64Array.of(0n, 1n)));
  await writeFile(folder.at('labels.csv'), 'index,human\n1,0\n0,0\n');
  await writeFile(folder.at('read.mjs'), script);
});

test.for<Runtime>(['deno', 'bun'])('%s reads the same pixels and ids as Node', async (runtime, { skip }) => {
  skip(!hasRuntime(runtime), `${runtime} is not installed: npm skipped its optional binary`);
  const read = await readOn(runtime);
  expect(read).toEqual(await readOn('node'));
  expect(read).toHaveLength(specs.length);
});
