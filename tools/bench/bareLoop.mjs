import { parentPort, workerData } from 'node:worker_threads';
import { openSession, toOrt } from '../../dist/engine/ort/session.js';

const { bytes, input, outputs, threads, batch } = workerData;
const session = await openSession(bytes, { device: 'cpu', threads });
const data = Uint8Array.from({ length: batch * 784 }, (_, i) => (i * 7919) % 251);
const feeds = {
  [input]: toOrt({ dtype: 'uint8', dims: [batch, 1, 28, 28], data }),
  'rho/labels': toOrt({ dtype: 'int32', dims: [batch], data: new Int32Array(batch) }),
};
const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
parentPort.on('message', async (examples) => {
  for (let run = 0; run < examples / batch; run++) await session.run(feeds, fetches);
  parentPort.postMessage('done');
});
