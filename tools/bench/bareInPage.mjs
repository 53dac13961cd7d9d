// A worker of the page that tools/bench/browser.mjs opens: sessions of onnxruntime-web without anything around them.
import { env, InferenceSession, Tensor } from '/ort/ort.wasm.min.mjs';

let rate;

globalThis.onmessage = async ({ data }) => {
  if (data.open === undefined) return postMessage(await rate(data));
  const { graph, threads, batch, dims, input, outputs, images, labels } = data.open;
  env.wasm.numThreads = threads;
  env.wasm.wasmPaths = '/ort/';
  env.logLevel = 'fatal';
  const session = await InferenceSession.create(new Uint8Array(await (await fetch(graph)).arrayBuffer()), {
    executionProviders: ['wasm'],
    intraOpNumThreads: threads,
    logSeverityLevel: 4,
    extra: { session: { set_denormal_as_zero: '1' } },
  });
  const size = dims.reduce((product, each) => product * each, 1);
  // Behind the headers of IDX, all in memory.
  const pixels = new Uint8Array(await images.arrayBuffer()).subarray(16);
  const classes = Int32Array.from(new Uint8Array(await labels.arrayBuffer()).subarray(8));
  const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
  rate = async ({ from, to }) => {
    const losses = new Float32Array(to - from);
    const began = performance.now();
    for (let at = from; at < to; at += batch) {
      const end = Math.min(to, at + batch);
      const feeds = {
        [input]: new Tensor('uint8', pixels.subarray(at * size, end * size), [end - at, ...dims]),
        'rho/labels': new Tensor('int32', classes.subarray(at, end), [end - at]),
      };
      losses.set((await session.run(feeds, fetches)).loss.data, at - from);
    }
    return { seconds: (performance.now() - began) / 1000, sum: losses.reduce((sum, loss) => sum + loss, 0) };
  };
  return postMessage(null);
};
