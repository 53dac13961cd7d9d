import { parentPort, workerData } from 'node:worker_threads';
import { openSession, toOrt } from '../../dist/engine/ort/session.js';

const { bytes, input, outputs, threads, batch, examples } = workerData;
const session = await openSession(bytes, { device: 'cpu', threads });
const data = Uint8Array.from({ length: batch * 784 }, (_, i) => (i * 7919) % 251);
const feeds = {
  [input]: toOrt({ dtype: 'uint8', dims: [batch, 1, 28, 28], data }),
  'rho/labels': toOrt({ dtype: 'int32', dims: [batch], data: new Int32Array(batch) }),
};
const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
for (let run = 0; run < 50; run++) await session.run(feeds, fetches);
const began = performance.now();
const runs = Math.ceil(examples / batch);
for (let run = 0; run < runs; run++) await session.run(feeds, fetches);
parentPort.postMessage((runs * batch) / ((performance.now() - began) / 1000));
