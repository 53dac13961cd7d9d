// Cuts the sample in data/mnist-sample out of the full MNIST files: node tools/makeMnistSample.mjs FOLDER
import { gzipSync } from 'node:zlib';
import { gunzip } from '../dist/data/gunzip.js';
import { sha256 } from '../dist/data/hash.js';
import { readIdx } from '../dist/data/idx.js';
import { joinPath, readBytes, writeFileAtomic } from '../dist/runtime/files.js';

const source = process.argv[2];
if (!source)
  throw new Error('Usage: node tools/makeMnistSample.mjs FOLDER, the folder with the four .gz files of MNIST');
const target = joinPath(import.meta.dirname, '..', 'data', 'mnist-sample');

// Every third training and every fifth test image: the first 2,000 test images alone are 3 points harder than all 10,000.
for (const [name, every] of [
  ['train-images-idx3-ubyte', 3],
  ['train-labels-idx1-ubyte', 3],
  ['t10k-images-idx3-ubyte', 5],
  ['t10k-labels-idx1-ubyte', 5],
]) {
  const path = joinPath(source, `${name}.gz`);
  const bytes = await gunzip(await readBytes(path), path);
  const { dims, data } = readIdx(bytes, path);
  const rowBytes = data.length / dims[0];
  const rows = Array.from({ length: dims[0] / every }, (_, row) => {
    const start = row * every * rowBytes;
    return data.subarray(start, start + rowBytes);
  });
  const header = bytes.slice(0, bytes.length - data.length);
  new DataView(header.buffer).setUint32(4, rows.length);
  const cut = Buffer.concat([header, ...rows]);
  // gzipSync writes no time, so that the same bytes come out on every run.
  await writeFileAtomic(joinPath(target, `${name}.gz`), gzipSync(cut, { level: 9 }));
  console.log(await sha256(cut), name);
}
