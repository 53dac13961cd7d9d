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
])('%s', (said, shown) => {
  expect(forPage(said)).toBe(shown);
});
