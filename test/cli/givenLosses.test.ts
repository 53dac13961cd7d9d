import { writeFile } from 'node:fs/promises';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, expect, test } from 'vitest';
import { type DataOptions, openTrainingData } from '../../src/jobs/experiment.ts';
import { storeGivenLosses } from '../../src/jobs/givenLosses.ts';
import type { LossTable } from '../../src/store/lossTable.ts';
import { openLossStore } from '../../src/store/readStore.ts';
import { expectRefusal, rho, rhoJson, selectedIds, sharedFolder, writeDigits } from './rho.ts';

const folder = await sharedFolder();
const data = ['--data', `idx:${folder.at('digits')}`, '--holdout', '150:150', '--threads', '1'];
const score = ['score', ...data, '--out'];
const dataOptions: DataOptions = {
  data: `idx:${folder.at('digits')}`,
  test: null,
  holdout: '150:150',
  noise: 'none',
  dataSeed: 0,
  ...{ labels: null, vocab: null, tokens: null, imageSize: null, preprocessing: null },
};
/** What an IL model of ours says, which stands in for a model of the user's. */
let table: LossTable;

beforeAll(async () => {
  await writeDigits(folder.at('digits'), { train: 300, test: 30 });
  await rhoJson('il', ...data, '--il-model', 'mlp:16', '--il-epochs', '1', '--out', folder.at('il'));
  await rhoJson(...score, folder.at('store'), '--model', folder.at('il/il.onnx'));
  table = await (await openLossStore(folder.at('store'))).readTable();
});

/** The bytes of a .npy file of float32. */
function npy(values: Float32Array, dims: readonly number[]): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dims.join(', ')}${dims.length === 1 ? ',' : ''}), }`;
  const padded = `${header.padEnd(117)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    length,
    Buffer.from(padded),
    Buffer.from(values.buffer),
  ]);
}

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(folder.at(name), content);
  return folder.at(name);
}

const csvOf = (lines: readonly (readonly unknown[])[]): string => lines.map((cells) => `${cells.join(',')}\n`).join('');

/** The same losses in each kind of file. */
async function lossFiles(): Promise<string[]> {
  const byId = new Float32Array(300);
  table.ids.forEach((id, row) => {
    byId[id] = table.loss[row]!;
  });
  const backwards = [...table.ids.keys()].reverse();
  const parquet = parquetWriteBuffer({
    columnData: [
      { name: 'loss', data: table.loss, type: 'FLOAT' },
      { name: 'id', data: Int32Array.from(table.ids), type: 'INT32' },
    ],
  });
  return [
    await fileOf('losses.csv', csvOf([['id', 'loss'], ...backwards.map((row) => [table.ids[row], table.loss[row]])])),
    await fileOf('losses.npy', npy(byId, [300])),
    await fileOf('losses.parquet', new Uint8Array(parquet)),
  ];
}

test('losses of another program are as good as ours: the same ids are selected', async () => {
  const train = ['train', ...data, '--model', 'mlp:8', '--big-batch', '50', '--small-batch', '5', '--steps', '6'];
  await rhoJson(...train, '--irreducible', folder.at('store'), '--out', folder.at('ours'));
  for (const [i, file] of (await lossFiles()).entries()) {
    const store = folder.at(`given-${i}`);
    const { statistics } = await rhoJson(...score, store, '--losses', file);
    expect(statistics.accuracy).toBe(null);
    expect((await (await openLossStore(store)).readTable()).loss).toEqual(table.loss);
    await rhoJson(...train, '--irreducible', store, '--out', folder.at(`run-${i}`));
    expect(await selectedIds(folder.at(`run-${i}`))).toEqual(await selectedIds(folder.at('ours')));
  }
});

test('class probabilities give loss, prediction and margin', async () => {
  const classes = 10;
  const values = new Float32Array(300 * classes).fill(0.05);
  for (let id = 0; id < 300; id++) {
    values[id * classes + (id % classes)] = 0.3;
    values[id * classes + ((id + 1) % classes)] = 0.3;
  }
  const rows = [...table.ids].map((id) => [id, ...values.subarray(id * classes, (id + 1) * classes)]);
  const lists = [...table.ids].map((id) => [...values.subarray(id * classes, (id + 1) * classes)]);
  const parquet = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: Int32Array.from(table.ids), type: 'INT32' },
      { name: 'probabilities', data: lists },
    ],
  });
  const files = [
    await fileOf('probabilities.npy', npy(values, [300, classes])),
    await fileOf(
      'probabilities.csv',
      csvOf([['index', ...Array.from({ length: classes }, (_, c) => `p${c}`)], ...rows]),
    ),
    await fileOf('probabilities.parquet', new Uint8Array(parquet)),
  ];
  for (const [i, file] of files.entries()) {
    await rhoJson(...score, folder.at(`probable-${i}`), '--probabilities', file);
    const given = await (await openLossStore(folder.at(`probable-${i}`))).readTable();
    for (const [row, id] of given.ids.entries()) {
      const label = given.labels[row]!;
      const likely = [id % classes, (id + 1) % classes];
      const own = likely.includes(label) ? 0.3 : 0.05;
      expect(given.loss[row]).toBeCloseTo(-Math.log(own), 5);
      expect(given.predicted[row]).toBe(Math.min(...likely));
      expect(given.margin[row]).toBeCloseTo(own - 0.3, 5);
    }
  }
});

test('losses that do not fit are refused in one sentence, and nothing is written', async () => {
  const rows = [...table.ids].map((id, row) => [id, table.loss[row]] as [number, number]);
  const cases: [string, string, string | Uint8Array, string | RegExp][] = [
    [
      '--losses',
      'few.csv',
      csvOf([['id', 'loss'], ...rows.slice(3)]),
      /3 of the 150 examples of the split are not in it \(ids \d+, \d+, \d+\)/,
    ],
    ['--losses', 'twice.csv', csvOf([['id', 'loss'], ...rows, rows[0]!]), /id \d+ is there twice/],
    ['--losses', 'beyond.csv', csvOf([['id', 'loss'], ...rows, [300, 1]]), 'id 300 is none of 0 to 299'],
    [
      '--losses',
      'negative.csv',
      csvOf([['id', 'loss'], ...rows.map(([id]) => [id, -0.5])]),
      /that of example \d+ is -0.5, expected a cross-entropy from 0 up/,
    ],
    [
      '--losses',
      'words.csv',
      csvOf([
        ['id', 'loss'],
        [0, 'high'],
      ]),
      'row 2 has "high", expected a number',
    ],
    ['--losses', 'header.csv', csvOf([['key', 'loss'], ...rows]), 'its header is key, loss, expected id and loss'],
    ['--losses', 'short.npy', npy(new Float32Array(299), [299]), 'it has 299 rows, the data have 300 examples'],
    [
      '--losses',
      'wide.npy',
      npy(new Float32Array(600), [300, 2]),
      'it holds float32 [300, 2], expected float32 or float64 [examples]',
    ],
    [
      '--probabilities',
      'narrow.npy',
      npy(new Float32Array(600).fill(0.5), [300, 2]),
      'they are of 2 classes, the data have 10',
    ],
    [
      '--probabilities',
      'logits.npy',
      npy(new Float32Array(3000).fill(1), [300, 10]),
      /those of example \d+ sum to 10.000, expected none below 0 and a sum of 1 \(softmax of the logits\)/,
    ],
    ['--losses', 'losses.txt', '1\n', 'expected a file .npy, .csv or .parquet'],
    ['--losses', 'broken.parquet', 'PAR1', /Cannot read ".*broken.parquet": /],
  ];
  const training = await openTrainingData(dataOptions);
  for (const [flag, name, content, sentence] of cases) {
    const holds = flag === '--losses' ? 'loss' : 'probabilities';
    const given = { file: await fileOf(name, content), holds } as const;
    await expect(storeGivenLosses(training, given, 'target', folder.at('no'))).rejects.toThrow(sentence);
  }
  const few = ['--losses', folder.at('few.csv')];
  expectRefusal(await rho(...score, folder.at('no'), ...few), 3, 'of the 150 examples of the split are not in it');
  const over = await rho(...score, folder.at('store'), '--losses', folder.at('losses.csv'));
  expectRefusal(over, 3, 'its model was');
  const unused = ['--losses', folder.at('losses.csv'), '--precision', 'int8'];
  expectRefusal(
    await rho(...score, folder.at('no'), ...unused),
    2,
    'Cannot use --precision with losses from elsewhere',
  );
  const both = ['--losses', folder.at('losses.csv'), '--model', folder.at('il/il.onnx')];
  expectRefusal(await rho(...score, folder.at('no'), ...both), 2, 'Cannot take losses from --model and --losses');
  await expect(openLossStore(folder.at('no'))).rejects.toThrow('no such folder');
});
