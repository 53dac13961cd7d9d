import { environmentError } from '../core/errors.ts';
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
  return Promise.all(files.map(async (file) => ({ path: packageFile(file), file: await fetchFile(`sample/${file}`) })));
}

async function fetchFile(path: string): Promise<Blob> {
  let answer: Response;
  try {
    answer = await fetch(new URL(path, document.baseURI));
    if (answer.ok) return await answer.blob();
  } catch (error) {
    throw environmentError(
      `Cannot fetch the sample: "${path}" does not come (${(error as Error).message}); check the connection and try again`,
    );
  }
  throw environmentError(`Cannot fetch the sample: the server has no "${path}" (${answer.status})`);
}

/** Whether what jobs are given by these names lies in the sample. */
export function isInSample(...names: readonly string[]): boolean {
  return names.some((name) => name.includes(packageFile('')));
}
