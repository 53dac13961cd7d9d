import { expect, test } from 'vitest';
import { trainingSentence } from '../../../src/web/train/sentence.ts';

test.each([
  [
    'Cannot select 64 of 32 candidates: --small-batch has to be at most --big-batch',
    'Cannot select 64 of 32 candidates: “Selected of those” has to be at most “Candidates of a step”',
  ],
  [
    'Training diverged: the loss of step 3 is NaN, try a lower --lr',
    'Training diverged: the loss of step 3 is NaN, try a lower “Learning rate”',
  ],
  [
    'Cannot draw batches of 320 from 5 target examples: pass a smaller --big-batch, or another --holdout than random:0.5',
    'Cannot draw batches of 320 from 5 target examples: choose a smaller “Candidates of a step”, or another “Holdout” than random:0.5',
  ],
  [
    'Cannot find test data beside "csv:/given/data/a.csv": it is one file, name the test data with --test',
    'Cannot find test data beside "csv:data/a.csv": it is one file, choose test data as well',
  ],
  ['Cannot read "/runs/compare-1/model/net.onnx": 3 passes', 'Cannot read "net.onnx": 3 passes'],
  [
    'Cannot score with the model: ONNX Runtime fails (Failed to create a pipeline: A valid external Instance reference no longer exists.)',
    'The GPU was lost: the browser or its driver has ended it; go on from the last checkpoint, or train anew on another device',
  ],
  ['Interrupted after step 3 of 9: start it again to go on', 'Interrupted after step 3 of 9'],
  ['Cannot use --image-size with idx', 'Cannot use “image size” with idx'],
])('%s', (sentence, expected) => {
  expect(trainingSentence(sentence)).toBe(expected);
});
