import { randomStream } from '../core/random.ts';
import { elementCount, type Tensor } from '../core/tensor.ts';
import type { DropoutMask } from '../onnx/trainingForm.ts';

/** Random numbers of 16 bits, two of which come at a time: masks are long. */
const range = 0x10000;

/** What the Dropouts of a training form are fed with at step `step`, counted from 0: it follows from the seed alone. */
export function dropoutMasks(masks: readonly DropoutMask[], seed: number, step: number): Record<string, Tensor> {
  return Object.fromEntries(
    masks.map(({ name, dims, ratio }) => {
      const random = randomStream(seed, `dropout/${name}/${step}`);
      const data = new Float32Array(elementCount(dims));
      const kept = 1 / (1 - ratio);
      const dropped = Math.round(ratio * range);
      for (let i = 0; i < data.length; i += 2) {
        const bits = random.bits();
        data[i] = bits >>> 16 < dropped ? 0 : kept;
        data[i + 1] = (bits & (range - 1)) < dropped ? 0 : kept;
      }
      return [name, { dtype: 'float32', dims, data }];
    }),
  );
}
