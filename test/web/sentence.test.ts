import { expect, test } from 'vitest';
import { forPage } from '../../src/web/sentence.ts';

test.each([
  [
    '/given/model/il.onnx: it was not trained here, yet the holdout of --holdout random:0.5 is left out; pass --holdout none to score all, and to train on all',
    'il.onnx: it was not trained here, yet the holdout (random:0.5) is left out; set “Holdout” to none to score all, and to train on all',
  ],
  [
    'Cannot use the image "/given/data/photos/cat/1.jpg": it has 30 x 20 pixels, the first has 28 x 28; bring all to one size with --image-size, such as --image-size 224',
    'Cannot use the image "photos/cat/1.jpg": it has 30 x 20 pixels, the first has 28 x 28; bring all to one size under “Image size”, such as 224',
  ],
  [
    'Cannot score the split "target": it is empty with --holdout random:1',
    'Cannot score the split "target": it is empty under “Holdout” random:1',
  ],
  [
    'Mean loss 2.50 is no better than guessing (ln 10 = 2.30): check --preprocessing, --logits and the order of labels',
    'Mean loss 2.50 is no better than guessing (ln 10 = 2.30): check “Preprocessing”, “Logits” and the order of labels',
  ],
  [
    'Cannot write into loss store "/stores/digits-0011aabb": its holdout was 1, now it is 2; name a new folder',
    'Cannot write into loss store "digits-0011aabb": its holdout was 1, now it is 2; remove the earlier result first',
  ],
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
    'Cannot draw batches of 320 from 5 examples to train on: choose a smaller “Candidates of a step”, or another “Holdout” than random:0.5',
  ],
  [
    'Cannot find test data beside "csv:/given/data/a.csv": it is one file, name the test data with --test',
    'Cannot find test data beside "csv:a.csv": it is one file, choose test data as well',
  ],
  ['Cannot read "/runs/compare-1/model/ilModel/net.onnx": 3 passes', 'Cannot read "net.onnx": 3 passes'],
  [
    'Cannot score with the model: ONNX Runtime fails (Failed to create a pipeline: A valid external Instance reference no longer exists.)',
    'The GPU was lost: the browser or its driver has ended it; go on, or begin anew on another device',
  ],
  ['/runs/compare-2026-11-23T07-00-00-000/il: 3,000 examples are there already', '3,000 examples are there already'],
  [
    '/runs/compare-2026-11-23T06-49-00-000/il: irreducible losses of 9 examples in 0.04 MiB',
    'Irreducible losses of 9 examples in 0.04 MiB',
  ],
  ['/stores/train-wasm-c56eec01: mean loss 2.50 is high', 'Mean loss 2.50 is high'],
  ['/given/store-0011aabb/my losses: it is not known', 'It is not known'],
  ['Interrupted after step 3 of 9: start it again to go on', 'Interrupted after step 3 of 9'],
  ['Cannot use --image-size with idx', 'Cannot use “Image size” with idx'],
  ['Cannot use --queue here', 'Cannot use “queue” here'],
  [
    'Cannot read texts: pass a vocab.txt or tokenizer.json with --vocab, or lay it beside the data',
    'Cannot read texts: give the vocab.txt or tokenizer.json of the model as well, or lay it beside the data',
  ],
])('%s', (said, shown) => {
  expect(forPage(said)).toBe(shown);
});
