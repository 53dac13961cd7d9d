/**
 * Where a model takes the channels of an image, which data store first: `nchw` first, `nhwc` last, `auto` wherever the sizes
 * of its input have them, first where both fit.
 */
export const layouts = ['auto', 'nchw', 'nhwc'] as const;
export type Layout = (typeof layouts)[number];
