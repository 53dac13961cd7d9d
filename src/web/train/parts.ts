import type { CompareOptions } from '../../jobs/compare.ts';

/** What decides which parts a training has. */
export type PartedOptions = Pick<CompareOptions, 'strategies'> & Partial<Pick<CompareOptions, 'seeds' | 'irreducible'>>;

/**
 * Which part of a training is under way, and what is still to come: "2 of 3: uniform, then rho". `label` is what the job calls it:
 * a run by its folder, and whatever belongs to the irreducible losses, which come first.
 */
export function partLine(label: string, { strategies, seeds = [0], irreducible = null }: PartedOptions): string {
  const runs = seeds.flatMap((seed) =>
    strategies.map((name) =>
      seeds.length > 1
        ? { folder: `${name}-seed-${seed}`, name: `${name} from seed ${seed}` }
        : { folder: name, name: name as string },
    ),
  );
  const first = irreducible === null ? [{ folder: null, name: 'irreducible losses' }] : [];
  const parts = [...first, ...runs];
  const at = Math.max(
    0,
    parts.findIndex(({ folder }) => folder === label),
  );
  const rest = parts.slice(at + 1).map(({ name }) => name);
  const next = rest.length > 3 ? [...rest.slice(0, 2), `${rest.length - 2} more`] : rest;
  return `${at + 1} of ${parts.length}: ${[parts[at]!.name, ...next].join(', then ')}`;
}
