import { type DataOptions, openToScore } from './experiment.ts';
import { type Host, untilInterrupted } from './host.ts';
import { readIlCard, requireCardFits } from './ilCard.ts';
import { readScoredModel } from './model.ts';
import { type ScoreOptions, type ScoreResult, scoreToStore } from './score.ts';

/** Scores data with the .onnx file at `path`, and its card where there is one, into the loss store `folder`. */
export async function scoreModelFile(
  path: string,
  data: DataOptions,
  options: ScoreOptions,
  folder: string,
  host: Host,
): Promise<ScoreResult> {
  const model = await readScoredModel(path);
  const training = await untilInterrupted(host, 'while the data were opened', openToScore(data));
  const card = await readIlCard(path, model.bytes);
  requireCardFits(card, training.data, path);
  const result = await scoreToStore(training, model, card, options, folder, host);
  if (card === null && options.split === 'target' && data.holdout !== 'none')
    host.say(
      `${path}: it was not trained here, yet the holdout of --holdout ${data.holdout} is left out; pass --holdout none to score all, and to train on all`,
    );
  return result;
}
