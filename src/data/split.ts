import { usageError } from '../core/errors.ts';
import { permutation, randomStream } from '../core/random.ts';
import { parseShare } from './parseShare.ts';

/** Disjoint global ids, ascending: what the IL model is trained on, and what the target is. */
export interface Split {
  readonly holdout: Uint32Array;
  readonly target: Uint32Array;
}

/**
 * Splits the ids 0 … `length - 1` by the rule given to --holdout:
 * - `random:SHARE`: that share of all ids, rounded, drawn at random, is the holdout, the rest the target;
 * - `N:M`: N ids for the holdout and M for the target, drawn at random; the rest is not used;
 * - `none`: no holdout, for irreducible losses that come from elsewhere;
 * - `even-odd`: even ids for the target, odd ones for the holdout, as the paper splits CIFAR-10.
 */
export function splitHoldout(rule: string, length: number, dataSeed: number): Split {
  if (rule === 'even-odd') return evenOdd(length);
  if (rule === 'none') return { holdout: new Uint32Array(), target: new Uint32Array(length).map((_, id) => id) };

  const share = rule.startsWith('random:') ? parseShare(rule.slice('random:'.length)) : null;
  if (share !== null) {
    const count = Math.round(share * length);
    return draw(count, length - count, length, dataSeed);
  }

  const [, holdout, target] = /^(\d+):(\d+)$/.exec(rule) ?? [];
  if (holdout === undefined || target === undefined)
    throw usageError(
      `Cannot split the data by --holdout "${rule}": expected random:SHARE with a share from 0 to 1, even-odd, N:M or none`,
    );
  if (Number(holdout) + Number(target) > length)
    throw usageError(`Cannot split the data by --holdout "${rule}": there are ${length} examples, ask for no more`);
  return draw(Number(holdout), Number(target), length, dataSeed);
}

function draw(holdout: number, target: number, length: number, dataSeed: number): Split {
  const drawn = permutation(length, randomStream(dataSeed, 'holdout'));
  return { holdout: drawn.slice(0, holdout).sort(), target: drawn.slice(holdout, holdout + target).sort() };
}

function evenOdd(length: number): Split {
  return {
    holdout: Uint32Array.from({ length: Math.floor(length / 2) }, (_, i) => 2 * i + 1),
    target: Uint32Array.from({ length: Math.ceil(length / 2) }, (_, i) => 2 * i),
  };
}
