import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stepSeconds } from './figures.mjs';
import { rhoJson, trainedEvents } from './rhoProcess.mjs';
import { selectionCases } from './selectionCases.mjs';

const words = 30_522;

/** What a step is timed on: nothing is learnt here, so the data are made up and irreducible losses are zero. */
export const stepModels = [
  {
    spec: 'mlp:512,512',
    steps: 210,
    write: async () => ({ stored: selectionCases.sample.data() }),
    examples: 20_000,
    like: 'mnist-0.4',
  },
  { spec: 'cnn', steps: 60, write: writeImages, examples: 2000, like: 'cifar10n-worse' },
  { spec: 'transformer:2x128', steps: 50, write: writeTexts, examples: 2000, like: 'sst2-0.2' },
];

/**
 * Milliseconds of a step with each way of scoring beside a uniform step, 32 of 320, without evaluation: processes of their own,
 * in turns. Calls `add(setting, pairs)` for each way; one that fails is told to `say`.
 */
export async function benchSteps({ spec, steps, write, examples, like }, { threads, settings, turns = 5 }, add, say) {
  const folder = await mkdtemp(join(tmpdir(), 'rho-bench-'));
  try {
    const { stored, test = [] } = await write(folder, examples);
    const data = [...stored, '--holdout', 'none'];
    const losses = join(folder, 'losses.csv');
    await writeFile(losses, `id,loss\n${Array.from({ length: examples }, (_, id) => `${id},0`).join('\n')}\n`);
    const store = join(folder, 'store');
    await rhoJson('score', '--losses', losses, ...data, '--out', store);
    const common = ['--model', spec, '--steps', steps, '--eval-every', steps, '--threads', threads];
    const time = async (name, flags) => {
      const run = join(folder, name);
      const seconds = stepSeconds(await trainedEvents(run, [...data, ...test, ...common, ...flags]));
      await rm(run, { recursive: true });
      return 1000 * seconds;
    };
    const ways = settings ?? selectionCases[like].settings;
    const pairs = Object.fromEntries(ways.map(({ name }) => [name, []]));
    for (let turn = 0; turn < turns; turn++) {
      const peer = await time('uniform', ['--strategy', 'uniform']);
      for (const { name, flags } of ways) {
        if (pairs[name] === undefined) continue;
        try {
          pairs[name].push({ ours: await time('rho', ['--irreducible', store, ...flags]), peer });
        } catch (error) {
          say(error.message);
          delete pairs[name];
        }
      }
    }
    for (const [name, timed] of Object.entries(pairs)) add(name, timed);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeImages(folder, examples) {
  const rows = (count) =>
    Buffer.from({ length: count * 3073 }, (_, at) => (at % 3073 === 0 ? (at / 3073) % 10 : (at * 7919) % 251));
  await writeFile(join(folder, 'images.bin'), rows(examples));
  await writeFile(join(folder, 'unseen.bin'), rows(100));
  return {
    stored: ['--data', `cifar:${join(folder, 'images.bin')}`],
    test: ['--test', `cifar:${join(folder, 'unseen.bin')}`],
  };
}

/** Sentences of 62 words, which are 64 tokens without padding, of a vocabulary of BERT's size. */
async function writeTexts(folder, examples) {
  const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  for (let word = vocabulary.length; word < words; word++) vocabulary.push(`w${word}`);
  await writeFile(join(folder, 'vocab.txt'), `${vocabulary.join('\n')}\n`);
  const word = (at) => vocabulary[5 + ((at * 7919) % (words - 5))];
  const rows = (count) =>
    Array.from({ length: count }, (_, row) => {
      const sentence = Array.from({ length: 62 }, (_, place) => word(row * 62 + place)).join(' ');
      return `${sentence}\t${row % 2}`;
    });
  for (const [file, count] of Object.entries({ train: examples, dev: 100 }))
    await writeFile(join(folder, `${file}.tsv`), `sentence\tlabel\n${rows(count).join('\n')}\n`);
  return { stored: ['--data', `tsv:${folder}`] };
}
