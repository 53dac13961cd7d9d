import { pause } from '../inSlices.ts';
import type { NamedFile } from '../protocol.ts';
import { recogniseArrays } from './arrayData.ts';
import { recogniseCifar } from './cifarData.ts';
import type { DroppedFile } from './droppedFiles.ts';
import { recogniseIdx } from './idxData.ts';
import { recogniseImages } from './imageData.ts';
import { recogniseParquet } from './parquetData.ts';
import { folderOf, nameOf, placed, places } from './paths.ts';
import type { DataQuestion, RecognisedData, Recogniser } from './recognisedData.ts';
import { recogniseTable } from './tableData.ts';

/** A model that was given. */
export interface RecognisedModel {
  readonly name: string;
  /** Where the jobs find it. */
  readonly path: string;
  readonly files: readonly NamedFile[];
  /** Its card, the .json of the same name. */
  readonly card: File | null;
}

/** A loss store that was given. */
export interface RecognisedStore {
  readonly folder: string;
  readonly files: readonly NamedFile[];
}

/** What files turned out to be. Several things may be dropped at once. */
export interface Recognised {
  readonly model: RecognisedModel | null;
  readonly data: RecognisedData | null;
  readonly store: RecognisedStore | null;
  /** The files of a run folder. */
  readonly run: readonly DroppedFile[] | null;
  /** A vocab.txt or tokenizer.json. */
  readonly vocabulary: DroppedFile | null;
  /** Why something was not taken, a sentence each. */
  readonly problems: readonly string[];
  /** Names of files that nothing beside them needs. */
  readonly leftAside: readonly string[];
}

const nothing: Recognised = {
  ...{ model: null, data: null, store: null, run: null, vocabulary: null },
  problems: [],
  leftAside: [],
};

/** What the page takes, as part of a sentence. */
export const expected =
  'a model (.onnx), labelled data (IDX, CIFAR binary, texts as CSV, TSV or JSONL, Parquet, NumPy arrays, or a folder of images with a folder for each class), a loss store or a run folder';

const dataFormats: readonly Recogniser[] = [
  recogniseIdx,
  recogniseArrays,
  recogniseTable,
  recogniseImages,
  recogniseParquet,
  recogniseCifar,
];

/** Tells what dropped files are, by their names and, where these do not tell, by their first bytes. */
export async function recognise(files: readonly DroppedFile[]): Promise<Recognised> {
  if (files.length === 0) return { ...nothing, problems: [`There is no file in it: expected ${expected}`] };
  if (await isRun(files)) return { ...nothing, run: files };
  const stored = await recogniseStore(files);
  if (stored !== null) return { ...nothing, ...stored };
  const { model, problems } = recogniseModel(files);
  const vocabulary = files.find(({ path }) => /^(vocab\.txt|tokenizer\.json)$/.test(nameOf(path))) ?? null;
  const { data, problem } = await recogniseData(files);
  const found = { model, data, store: null, run: null, vocabulary };
  const all = [...problems, ...(problem === null ? [] : [problem])];
  const left = unusedOf(files, found);
  if (left.length > 0 && data === null && all.length === 0) all.push(unknown(left));
  const leftAside = data === null ? [] : left.map(({ path }) => nameOf(path));
  return { ...found, problems: all, leftAside };
}

/** Files that are no part of what was recognised. Weights may lie beside a model under such names, which stand in it alone. */
function unusedOf(
  files: readonly DroppedFile[],
  { model, data, vocabulary }: Omit<Recognised, 'problems' | 'leftAside'>,
) {
  const used = new Set<Blob | undefined>([
    ...(data?.files ?? []).map(({ file }) => file),
    vocabulary?.file,
    model?.card ?? undefined,
  ]);
  const beside = new Set<Blob>((model?.files ?? []).map(({ file }) => file));
  const isOfModel = ({ path, file }: DroppedFile) =>
    beside.has(file) && /\.(onnx|data|onnx_data|bin|weights?|pb|raw)$|(^|\/)[^./]+$/i.test(path);
  return files.filter((one) => !used.has(one.file) && !isOfModel(one));
}

async function recogniseData(
  files: readonly DroppedFile[],
): Promise<{ readonly data: RecognisedData | null; readonly problem: string | null }> {
  let problem: string | null = null;
  for (const format of dataFormats) {
    // Each looks through all names, of which there may be many.
    await pause();
    const found = await format(files);
    if (found === null) continue;
    if (!('problem' in found)) return { data: inOwnFolder(found), problem: null };
    problem ??= found.problem;
  }
  return { data: null, problem };
}

/** Files that came without a folder get one of the name of the data, by which people know them later. */
function inOwnFolder(data: RecognisedData): RecognisedData {
  const { question } = data;
  const asked = question && {
    ...question,
    answered: async (...given: Parameters<DataQuestion['answered']>) => inOwnFolder(await question.answered(...given)),
  };
  if (!data.data.endsWith(`:${places.data}`)) return { ...data, question: asked };
  const folder = `${places.data}/${data.name || 'data'}`;
  return {
    ...data,
    question: asked,
    data: data.data.slice(0, -places.data.length) + folder,
    files: data.files.map(({ path, file }) => ({ path: folder + path.slice(places.data.length), file })),
  };
}

/** A folder with a config.json that says so. */
async function isRun(files: readonly DroppedFile[]): Promise<boolean> {
  for (const { path, file } of files) {
    if (nameOf(path) === 'config.json' && (await saysFormat(file, 'rho-loss-run'))) return true;
  }
  return false;
}

/** Whether JSON is of a format of ours: these say so at their beginning. */
async function saysFormat(file: Blob, format: string): Promise<boolean> {
  return new RegExp(`"format":\\s*"${format}"`).test(await file.slice(0, 2 ** 16).text());
}

async function recogniseStore(files: readonly DroppedFile[]): Promise<Pick<Recognised, 'store' | 'problems'> | null> {
  const isShard = ({ path }: DroppedFile) => /^shard-\d{5,}(-\d+)?\.parquet$/.test(nameOf(path));
  const shards = files.filter(isShard);
  let manifest: DroppedFile | undefined;
  for (const file of files) {
    const isOne =
      nameOf(file.path) === 'manifest.json' &&
      shards.every(({ path }) => folderOf(path) === folderOf(file.path)) &&
      (await saysFormat(file.file, 'rho-loss-store'));
    if (isOne) manifest ??= file;
  }
  if (manifest === undefined) {
    const [shard] = shards;
    if (shard === undefined) return null;
    return {
      store: null,
      problems: [
        `Cannot open “${nameOf(shard.path)}” without the manifest.json of its loss store: drop the whole folder that “rho score” wrote`,
      ],
    };
  }
  const folder = folderOf(manifest.path);
  const name = nameOf(folder) || 'store';
  const inside = files.filter((file) => file === manifest || (isShard(file) && folderOf(file.path) === folder));
  return {
    store: {
      folder: `${places.store}/${name}`,
      files: inside.map(({ path, file }) => ({ path: `${places.store}/${name}/${nameOf(path)}`, file })),
    },
    problems: [],
  };
}

const otherModel = /\.(pt|pth|ckpt|safetensors|h5|keras|pb|tflite|ort|pkl|joblib)$/i;

function recogniseModel(files: readonly DroppedFile[]): Pick<Recognised, 'model' | 'problems'> {
  const models = files.filter(({ path }) => /\.onnx$/i.test(path));
  const model = models.length > 1 ? models.find(({ path }) => nameOf(path) === 'il.onnx') : models[0];
  if (model === undefined) {
    if (models.length > 1)
      return {
        model: null,
        problems: [
          `Cannot tell which of ${models.length} models to take (${models.map(({ path }) => nameOf(path)).join(', ')}): drop one`,
        ],
      };
    const other = files.find(({ path }) => otherModel.test(path));
    return {
      model: null,
      problems: other === undefined ? [] : [`Cannot read the model “${nameOf(other.path)}”: export it to ONNX (.onnx)`],
    };
  }
  // Weights may lie in other files beside a model, and what they are called stands in it alone.
  const beside = files.filter(
    ({ path }) => folderOf(path) === folderOf(model.path) && !/\.(jpe?g|png|webp)$/i.test(path),
  );
  const card = beside.find(({ path }) => path === model.path.replace(/\.onnx$/i, '.json'));
  const name = nameOf(model.path);
  return {
    model: {
      name,
      path: `${places.model}/${name}`,
      files: placed(
        places.model,
        beside.map(({ path, file }) => ({ path: nameOf(path), file })),
      ),
      card: card?.file ?? null,
    },
    problems: [],
  };
}

function unknown(files: readonly DroppedFile[]): string {
  const [first] = files;
  const more = files.length > 1 ? ` and ${(files.length - 1).toLocaleString('en-US')} more` : '';
  const archive = files.some(({ path }) => /\.(tgz|tar\.gz|7z|rar)$/i.test(path)) ? ' Unpack archives first.' : '';
  return `Cannot use “${nameOf(first!.path)}”${more}: expected ${expected}.${archive}`;
}
