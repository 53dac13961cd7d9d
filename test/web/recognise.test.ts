import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { DroppedFile } from '../../src/web/choose/droppedFiles.ts';
import { recognise } from '../../src/web/choose/recognise.ts';

const root = join(import.meta.dirname, '../..');

function dropped(path: string, content: string | Uint8Array = 'x'): DroppedFile {
  return { path, file: new File([content as BlobPart], path.split('/').at(-1)!) };
}

/** The first bytes of an IDX file of one example. */
function idx(rank: 1 | 3): Uint8Array {
  return Uint8Array.of(0, 0, 8, rank, ...Array.from({ length: rank }, () => [0, 0, 0, 1]).flat(), 7);
}

async function dataOf(...files: DroppedFile[]) {
  const { data, problems } = await recognise(files);
  return { spec: data?.data, paths: data?.files.map(({ path }) => path), problems, data };
}

describe('data', () => {
  test('IDX files of any name are known by their bytes, packed ones too, and get the names that the reader wants', async () => {
    const images = dropped('digits/my-train.images.idx', gzipSync(idx(3)));
    const { spec, paths, problems } = await dataOf(images, dropped('digits/my-train.labels.idx', idx(1)));
    expect(spec).toBe('idx:/given/data/digits');
    expect(paths).toEqual(['/given/data/digits/train-images-idx3-ubyte', '/given/data/digits/train-labels-idx1-ubyte']);
    expect(problems).toEqual([]);
  });

  test('the sample as it lies on the disk comes with its test data', async () => {
    const folder = join(root, 'data/mnist-sample');
    const names = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];
    const files = names.map((name) =>
      dropped(`mnist-sample/${name}-ubyte.gz`, readFileSync(join(folder, `${name}-ubyte.gz`))),
    );
    const { data } = await dataOf(...files);
    expect(data).toMatchObject({ name: 'mnist-sample', what: expect.stringMatching(/with test data$/) });
    expect(data!.files).toHaveLength(4);
  });

  test('files without a folder are called by the name of the images', async () => {
    const { data } = await dataOf(
      dropped('train-images-idx3-ubyte', idx(3)),
      dropped('train-labels-idx1-ubyte', idx(1)),
    );
    expect(data!.name).toBe('train-images');
  });

  test('images without labels are told so', async () => {
    expect((await dataOf(dropped('train-images-idx3-ubyte', idx(3)))).problems).toEqual([
      'Cannot use “train-images-idx3-ubyte” alone: it holds images; drop the file with its labels (idx1) as well',
    ]);
  });

  test('a folder of images has a class for each of its folders', async () => {
    const { data, spec } = await dataOf(
      dropped('photos/cat/1.jpg'),
      dropped('photos/dog/2.PNG'),
      dropped('photos/notes.txt'),
    );
    expect(spec).toBe('images:/given/data/photos');
    expect(data).toMatchObject({ name: 'photos', what: '2 images in 2 classes (cat, dog)', takes: ['imageSize'] });
    const loose = await dataOf(dropped('cat/1.jpg'), dropped('dog/2.jpg'));
    expect(loose.spec).toBe('images:/given/data/images');
    const parts = await dataOf(dropped('p/train/cat/1.jpg'), dropped('p/train/dog/1.jpg'), dropped('p/val/cat/2.jpg'));
    expect(parts).toMatchObject({ spec: 'images:/given/data/p', data: { what: '3 images in 2 classes (cat, dog)' } });
  });

  test('images without folders, and of one class, are told so', async () => {
    expect((await dataOf(dropped('1.jpg'))).problems[0]).toMatch(
      /^Cannot tell the classes of 1 images that lie in no folder/,
    );
    expect((await dataOf(dropped('cat/1.jpg'))).problems[0]).toMatch(/^Cannot score images of one class, “cat”/);
  });

  test('CIFAR is its folder, or one file', async () => {
    const batches = [1, 2, 3, 4, 5].map((batch) => dropped(`c/data_batch_${batch}.bin`));
    expect((await dataOf(...batches, dropped('c/test_batch.bin'))).spec).toBe('cifar:/given/data/c');
    expect((await dataOf(batches[2]!)).spec).toBe('cifar:/given/data/c/data_batch_3.bin');
    expect((await dataOf(...batches.slice(0, 3))).problems[0]).toMatch(/^Cannot use 3 of CIFAR-10’s five/);
    expect((await dataOf(dropped('train.bin'), dropped('test.bin'))).spec).toBe('cifar:/given/data/CIFAR');
    expect((await dataOf(dropped('mine.bin', new Uint8Array(3 * 3073)))).spec).toBe('cifar:/given/data/mine.bin');
  });

  test('CIFAR in one file of any name, packed, is known beside a model; weights of that ending are not taken for it', async () => {
    const packed = dropped('cifar10-train-rows-0-2.bin.gz', gzipSync(new Uint8Array(3 * 3073)));
    const found = await recognise([packed, dropped('cifar.onnx')]);
    expect(found.model?.name).toBe('cifar.onnx');
    expect(found.data?.data).toBe('cifar:/given/data/cifar10-train-rows-0-2.bin.gz');
    expect(found).toMatchObject({ problems: [], leftAside: [] });
    for (const weights of [new Uint8Array(4096), new Uint8Array(3073).fill(200)])
      expect(await recognise([dropped('weights.bin', weights), dropped('m.onnx')])).toMatchObject({
        data: null,
        problems: [],
      });
  });

  test('one file of CIFAR is trained on with the test file that is given with it', async () => {
    const { data, spec } = await dataOf(dropped('c/data_batch_1.bin'), dropped('c/test_batch.bin'));
    expect(spec).toBe('cifar:/given/data/c/data_batch_1.bin');
    expect(data).toMatchObject({
      what: 'CIFAR (data_batch_1.bin) with test data',
      test: 'cifar:/given/data/c/test_batch.bin',
    });
    expect((await dataOf(dropped('test_batch.bin'))).data!.test).toBeUndefined();
  });

  test('a table is one file, or a folder where test data lie beside it', async () => {
    expect((await dataOf(dropped('some.tsv', 'sentence\tlabel\nfine\t1\n'))).spec).toBe('tsv:/given/data/some.tsv');
    const both = [
      dropped('sst/train.tsv', 'sentence\tlabel\nfine\t1\n'),
      dropped('sst/dev.tsv', 'sentence\tlabel\nbad\t0\n'),
    ];
    const { spec, paths } = await dataOf(...both, dropped('sst/vocab.txt'));
    expect(spec).toBe('tsv:/given/data/sst');
    expect(paths).toEqual(['/given/data/sst/train.tsv', '/given/data/sst/dev.tsv', '/given/data/sst/vocab.txt']);
  });

  test('columns that have other names are asked for', async () => {
    const { data } = await dataOf(dropped('r.csv', 'id,stars,"what, they said"\n7,4,"good, really"\n'));
    expect(data!.question).toMatchObject({
      columns: ['id', 'stars', 'what, they said'],
      guess: { text: 2, label: 1, isHeader: true },
    });
    const guessOf = async (name: string, table: string) => (await dataOf(dropped(name, table))).data!.question!.guess;
    // By what stands in the first row, where names do not tell.
    expect(await guessOf('w.csv', 'id,stars,words\n7,4,"a fine film"\n')).toEqual({
      text: 2,
      label: 1,
      isHeader: true,
    });
    expect(await guessOf('w.tsv', 'a fine film\t2\n')).toEqual({ text: 0, label: 1, isHeader: false });
    expect(await guessOf('w.jsonl', '{"k": 3, "said": "a fine film"}\n')).toEqual({
      text: 1,
      label: 0,
      isHeader: true,
    });
  });

  test('Parquet is one file, or a folder with parts of training data', async () => {
    expect((await dataOf(dropped('d/x.parquet'))).spec).toBe('parquet:/given/data/d/x.parquet');
    const parts = [0, 1].map((part) => dropped(`d/data/train-0000${part}-of-00002.parquet`));
    expect((await dataOf(...parts)).spec).toBe('parquet:/given/data/d/data');
  });

  test('NumPy arrays are known by their names, or by their sizes', async () => {
    expect((await dataOf(dropped('a/x_train.npy'), dropped('a/y_train.npy'))).spec).toBe('npy:/given/data/a');
    const { paths } = await dataOf(dropped('labels.npy', 'y'), dropped('features.npy', 'many numbers'));
    expect(paths).toEqual(['/given/data/features/train-x.npy', '/given/data/features/train-y.npy']);
    expect((await dataOf(dropped('a.npz'))).problems[0]).toMatch(/^Cannot read \.npz/);
  });
});

describe('other things', () => {
  test('a model comes with what lies beside it, and its card', async () => {
    const { model } = await recognise([dropped('m/il.onnx'), dropped('m/il.json'), dropped('m/weights.data')]);
    expect(model!.files.map(({ path }) => path)).toEqual([
      '/given/model/il.onnx',
      '/given/model/il.json',
      '/given/model/weights.data',
    ]);
    expect(model!.card?.name).toBe('il.json');
    expect((await recognise([dropped('a.onnx'), dropped('b.onnx')])).problems).toEqual([
      'Cannot tell which of 2 models to take (a.onnx, b.onnx): drop one',
    ]);
    expect((await recognise([dropped('resnet.pth')])).problems).toEqual([
      'Cannot read the model “resnet.pth”: export it to ONNX (.onnx)',
    ]);
  });

  test('files that nothing needs are named, and what was expected where no data are among them', async () => {
    const model = dropped('m/il.onnx');
    const beside = [dropped('m/il.json'), dropped('m/weights.data'), dropped('m/notes.pdf')];
    expect(await recognise([model, ...beside, dropped('t.csv', 'text,label\na,1\n')])).toMatchObject({
      leftAside: ['notes.pdf'],
      problems: [],
    });
    expect((await recognise([model, ...beside])).problems).toEqual([
      expect.stringMatching(/^Cannot use “notes\.pdf”: expected a model/),
    ]);
  });

  test('a loss store is its manifest with its shards', async () => {
    const files = [
      dropped('runs/il/manifest.json', '{"format": "rho-loss-store"}'),
      dropped('runs/il/shard-00000.parquet'),
    ];
    expect((await recognise(files)).store).toMatchObject({ folder: '/given/store/il', files: { length: 2 } });
    expect((await recognise(files.slice(1))).problems[0]).toMatch(
      /^Cannot open “shard-00000.parquet” without the manifest/,
    );
  });

  test('a manifest.json of something else makes no loss store of what lies beside it', async () => {
    const { spec, problems } = await dataOf(
      dropped('digits/train-images-idx3-ubyte', idx(3)),
      dropped('digits/train-labels-idx1-ubyte', idx(1)),
      dropped('digits/manifest.json', '{"name": "my set"}'),
    );
    expect(spec).toBe('idx:/given/data/digits');
    expect(problems).toEqual([]);
  });

  test('a run folder says so in its configuration', async () => {
    const files = [dropped('r/config.json', '{"format": "rho-loss-run", "version": 1}'), dropped('r/il.onnx')];
    expect((await recognise(files)).run).toEqual(files);
  });

  test('anything else is a sentence that says what was expected', async () => {
    const { problems } = await recognise([dropped('notes.pdf'), dropped('more.7z')]);
    expect(problems).toEqual([
      expect.stringMatching(
        /^Cannot use “notes\.pdf” and 1 more: expected a model \(\.onnx\), labelled data .* Unpack archives first\.$/,
      ),
    ]);
  });
});
