import { expect } from 'vitest';

interface Tolerance {
  readonly rtol?: number;
  readonly atol?: number;
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: the declaration has to repeat vitest's own
  interface Matchers<T = any> {
    /** Every |a - b| <= atol + rtol |b|, as in NumPy's allclose. */
    toBeAllClose: (expected: ArrayLike<number>, tolerance?: Tolerance) => T;
  }
}

expect.extend({
  toBeAllClose(received: ArrayLike<number>, expected: ArrayLike<number>, { rtol = 1e-5, atol = 1e-6 }: Tolerance = {}) {
    if (received.length !== expected.length)
      return { pass: false, message: () => `lengths differ: ${received.length}, expected ${expected.length}` };
    let worst = -1;
    let excess = 0;
    for (let i = 0; i < expected.length; i++) {
      const over = Math.abs(received[i]! - expected[i]!) - atol - rtol * Math.abs(expected[i]!);
      if (!(over <= excess)) {
        worst = i;
        excess = over;
      }
    }
    return {
      pass: worst < 0,
      message: () =>
        `differs at ${worst}: ${received[worst]}, expected ${expected[worst]} (rtol ${rtol}, atol ${atol})`,
    };
  },
});
