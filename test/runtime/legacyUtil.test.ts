import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { restoreIsNullOrUndefined } from '../../src/runtime/legacyUtil.ts';

test('util.isNullOrUndefined is there for packages that require it, and right', () => {
  const util = createRequire(import.meta.url)('node:util');
  const own = util.isNullOrUndefined;
  util.isNullOrUndefined = undefined;
  try {
    restoreIsNullOrUndefined();
    expect([null, undefined, 0, ''].map(util.isNullOrUndefined)).toEqual([true, true, false, false]);
  } finally {
    util.isNullOrUndefined = own;
  }
});
