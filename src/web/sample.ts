import { packageFile } from '../runtime/web/host.ts';
import type { NamedFile } from './protocol.ts';

/** The digits that ship with the package, and an IL model that was trained on the second half of them. */
export const sample: { readonly data: string; readonly model: string; readonly holdout: string } = {
  data: `idx:${packageFile('data/mnist-sample')}`,
  model: packageFile('models/mnist-sample-il/il.onnx'),
  holdout: '10000:10000',
};

/** What it consists of, as it lies in the package, and under sample/ beside the page. */
const files = [
  'data/mnist-sample/train-images-idx3-ubyte.gz',
  'data/mnist-sample/train-labels-idx1-ubyte.gz',
  'data/mnist-sample/t10k-images-idx3-ubyte.gz',
  'data/mnist-sample/t10k-labels-idx1-ubyte.gz',
  'models/mnist-sample-il/il.onnx',
  'models/mnist-sample-il/il.json',
];

/** Fetches the sample, to be given to the worker of jobs. */
export function fetchSample(): Promise<NamedFile[]> {
  return Promise.all(
    files.map(async (file) => {
      const answer = await fetch(new URL(`sample/${file}`, document.baseURI));
      if (!answer.ok) throw new Error(`Cannot fetch the sample: the server has no "sample/${file}" (${answer.status})`);
      return { path: packageFile(file), file: await answer.blob() };
    }),
  );
}
