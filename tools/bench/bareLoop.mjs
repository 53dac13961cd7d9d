import { parentPort, workerData } from 'node:worker_threads';
import { openSession, toOrt } from '../../dist/engine/ort/session.js';

const { bytes, input, outputs, threads, batch, dims } = workerData;
const session = await openSession(bytes, { device: 'cpu', threads });
const length = [batch, ...dims].reduce((product, size) => product * size, 1);
const data = Uint8Array.from({ length }, (_, i) => (i * 7919) % 251);
const feeds = {
  [input]: toOrt({ dtype: 'uint8', dims: [batch, ...dims], data }),
  'rho/labels': toOrt({ dtype: 'int32', dims: [batch], data: new Int32Array(batch) }),
};
const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
parentPort.on('message', async (examples) => {
  const began = performance.now();
  for (let run = 0; run < examples / batch; run++) await session.run(feeds, fetches);
  parentPort.postMessage((performance.now() - began) / 1000);
});
