import { usageError } from '../core/errors.ts';
import { permutation, type RandomStream, randomStream, shuffle } from '../core/random.ts';
import type { Dataset } from './dataset.ts';
import { parseShare } from './parseShare.ts';
import { withLabels } from './withLabels.ts';

/** Makes noisy labels from clean ones. */
type Noise = (labels: Int32Array, classes: number, random: RandomStream) => Int32Array;

/**
 * The data set with some of its labels made wrong by the rule given to --noise, in both halves of a split alike; the
 * labels as they were become its `trueLabels`, unless it has some. R is a share from 0 to 1, counts are rounded:
 * - `none`: as it is;
 * - `uniform:R`: R of all points get a label drawn from all classes, so that some keep theirs (the paper's noise);
 * - `flip:R`: R of all points get one of the other classes, all equally likely;
 * - `pairs:A>B,C>D:R`: R of the points of class A get label B, and so on (the paper's structured noise).
 */
export function addLabelNoise(dataset: Dataset, rule: string, dataSeed: number): Dataset {
  if (rule === 'none') return dataset;
  const noise = parseNoise(rule, dataset.classes);
  const labels = noise(dataset.labels, dataset.classes, randomStream(dataSeed, 'noise'));
  return withLabels(dataset, labels);
}

function parseNoise(rule: string, classes: number): Noise {
  const [, kind, moves, shareText = ''] = /^(?:(uniform|flip)|pairs:([\d>,]+)):([^:]+)$/.exec(rule) ?? [];
  const share = parseShare(shareText);
  if (share === null)
    throw usageError(
      `Cannot add label noise by --noise "${rule}": expected none, uniform:R, flip:R or pairs:A>B,C>D:R, R from 0 to 1`,
    );
  if (kind === 'uniform') return uniform(share);
  if (kind === 'flip') return flip(share);
  return pairs(parsePairs(moves!, rule, classes), share);
}

/** The target class by source class. */
function parsePairs(text: string, rule: string, classes: number): Map<number, number> {
  const targets = new Map<number, number>();
  for (const pair of text.split(',')) {
    const [, from, to] = /^(\d+)>(\d+)$/.exec(pair)?.map(Number) ?? [];
    if (from === undefined || to === undefined || from === to || Math.max(from, to) >= classes || targets.has(from))
      throw usageError(
        `Cannot add label noise by --noise "${rule}": "${pair}" is not a pair A>B of two classes from 0 to ` +
          `${classes - 1}, each class being A once at most`,
      );
    targets.set(from, to);
  }
  return targets;
}

function uniform(share: number): Noise {
  return (labels, classes, random) => {
    const noisy = labels.slice();
    for (const id of drawIds(labels.length, share, random)) noisy[id] = random.below(classes);
    return noisy;
  };
}

function flip(share: number): Noise {
  return (labels, classes, random) => {
    const noisy = labels.slice();
    for (const id of drawIds(labels.length, share, random)) {
      const other = random.below(classes - 1);
      noisy[id] = other < labels[id]! ? other : other + 1;
    }
    return noisy;
  };
}

function pairs(targets: Map<number, number>, share: number): Noise {
  return (labels, _classes, random) => {
    const noisy = labels.slice();
    for (const [from, to] of targets) {
      const ids = shuffle(
        [...labels.keys()].filter((id) => labels[id] === from),
        random,
      );
      for (const id of ids.slice(0, Math.round(share * ids.length))) noisy[id] = to;
    }
    return noisy;
  };
}

function drawIds(length: number, share: number, random: RandomStream): Uint32Array {
  return permutation(length, random).subarray(0, Math.round(share * length));
}
