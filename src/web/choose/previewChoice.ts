import { RhoError } from '../../core/errors.ts';
import { openData } from '../../data/open.ts';
import { splitHoldout } from '../../data/split.ts';
import { withPreprocessing } from '../../data/withPreprocessing.ts';
import { usualData } from '../../jobs/defaults.ts';
import type { DataOptions } from '../../jobs/experiment.ts';
import { type ModelFile, readScoredModel, scoringFrom } from '../../jobs/model.ts';
import { logitsTypeOf, scoredPart } from '../../onnx/scoreGraph.ts';

/** What is chosen so far; null for what is not. */
export interface Choice {
  readonly model: string | null;
  readonly data: (Pick<DataOptions, 'data'> & Partial<DataOptions>) | null;
  readonly logits: string | null;
}

/** What would come of it, as far as that is known before anything is computed. */
export interface ChoicePreview {
  /** Why it cannot be scored, a sentence each. */
  readonly problems: readonly string[];
  /** How many examples are scored, of how many; null where the data cannot be opened yet. */
  readonly scored: { readonly count: number; readonly length: number } | null;
  /** Whether there are test data, which training needs; null where the data cannot be opened yet. */
  readonly hasTest: boolean | null;
}

/** Files in memory that are opened to be looked at. */
const inMemory = 2 ** 20;

/** Reads the model and opens the data that are chosen, and tells whether they fit. */
export async function previewChoice({ model: path, data: given, logits }: Choice): Promise<ChoicePreview> {
  const problems: string[] = [];
  const attempt = async <T>(work: () => T | Promise<T>, tell = (sentence: string) => problems.push(sentence)) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RhoError)) throw error;
      tell(error.message);
      return null;
    }
  };
  const model = path === null ? null : await attempt(() => readScoredModel(path));
  if (given === null) return { problems, scored: null, hasTest: null };
  const isText = /^(csv|tsv|jsonl):/.test(given.data);
  if (isText && model !== null && takesNumbers(model)) {
    problems.push(
      `Cannot score the texts of "${given.data}" with "${path}": it takes ${inputsOf(model)}, no ids of texts`,
    );
    return { problems, scored: null, hasTest: null };
  }
  const options = { ...usualData, ...given };
  const open = async (part: 'train' | 'test') => {
    const { vocab, tokens, imageSize, preprocessing, data, test } = options;
    const stored = await openData(part === 'test' ? (test ?? data) : data, part, {
      vocab,
      tokens,
      imageSize,
      inMemory,
    });
    return withPreprocessing(stored, preprocessing ?? 'auto');
  };
  // What texts lack the page asks for itself.
  const data = await attempt(() => open('train'), isText ? () => 0 : undefined);
  if (data === null) return { problems, scored: null, hasTest: null };
  const split = await attempt(() => splitHoldout(options.holdout, data.length, options.dataSeed));
  if (model !== null)
    await attempt(() => {
      const scoring = scoringFrom(data, model.name, { logits });
      logitsTypeOf(scoredPart(model.graph, scoring), scoring);
    });
  const test = await attempt(
    () => open('test'),
    () => 0,
  );
  return {
    problems,
    scored: split && { count: split.target.length, length: data.length },
    hasTest: test !== null,
  };
}

function takesNumbers({ graph }: ModelFile): boolean {
  return graph.inputs.every(({ dtype }) => dtype.startsWith('float') || dtype === 'uint8');
}

function inputsOf({ graph }: ModelFile): string {
  return graph.inputs.map(({ dtype, dims }) => `${dtype} [${dims.join(', ')}]`).join(' and ');
}
