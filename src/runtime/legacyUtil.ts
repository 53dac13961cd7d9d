import * as util from 'node:util';

/**
 * Puts back `util.isNullOrUndefined`, which Node 23 and Deno have dropped and tfjs-node 4.22 still calls. Modules see it where
 * they take `util` by require, as that package does.
 */
export function restoreIsNullOrUndefined(): void {
  const legacy = ((util as { default?: unknown }).default ?? util) as Record<string, unknown>;
  legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
}
