import { expect, test } from 'vitest';
import { memoryDataset } from '../../src/data/memoryDataset.ts';
import { modelFrom } from '../../src/jobs/model.ts';
import { refuseProbabilities } from '../../src/jobs/refuseProbabilities.ts';
import { GraphBuilder } from '../../src/onnx/builder.ts';
import { int } from '../../src/onnx/graph.ts';
import { writeModel } from '../../src/onnx/model.ts';

const ids = Uint32Array.of(0, 1, 2);
const options = { device: 'cpu', threads: 1 } as const;
const data = await memoryDataset({
  name: 'rows',
  classes: 3,
  inputs: [{ dtype: 'float32', dims: [3], data: Float32Array.of(1, 2, 3, -1, 0, 4, 0.2, 0.3, 0.5) }],
  labels: Int32Array.of(0, 1, 2),
  preprocessing: { kind: 'none' },
});

function model(write: (b: GraphBuilder) => string) {
  const b = new GraphBuilder('model');
  b.input({ name: 'x', dtype: 'float32', dims: ['batch', 3] });
  b.output(write(b), 'out');
  return modelFrom(writeModel(b.build()), 'm.onnx');
}

/** As label smoothing leaves them: no Softmax is the last to touch them. */
const smoothed = model((b) => {
  const softmax = b.node('Softmax', ['x'], { axis: int(1) });
  return b.node('Add', [b.node('Mul', [softmax, b.scalar(0.97)]), b.scalar(0.01)]);
});

test('an output that holds probabilities which no Softmax gives is refused with what to do', async () => {
  await expect(refuseProbabilities(data, ids, smoothed, options)).rejects.toThrow(
    'Cannot score with "m.onnx": its output "out" holds probabilities (none below 0, each row sums to 1) that no Softmax gives, expected logits; name the value that holds these with --logits, or make a store of the probabilities with --probabilities',
  );
});

test('it is scored where the user says that these are the logits', async () => {
  await refuseProbabilities(data, ids, smoothed, { ...options, logits: 'out' });
});

test('logits pass, and so do probabilities whose logits are found', async () => {
  await refuseProbabilities(
    data,
    ids,
    model((b) => b.node('Mul', ['x', b.scalar(1)])),
    options,
  );
  await refuseProbabilities(
    data,
    ids,
    model((b) => b.node('Softmax', ['x'], { axis: int(1) })),
    options,
  );
});
