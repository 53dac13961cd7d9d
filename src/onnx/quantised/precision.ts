/** In what numbers a model is scored. */
export const precisions = ['fp32', 'int8', 'fp16'] as const;
export type Precision = (typeof precisions)[number];
