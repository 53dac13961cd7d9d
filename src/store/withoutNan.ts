import type { LossTable } from './lossTable.ts';

/** The rows whose loss is a number, and how many others there are: a NaN is no evidence against a label. */
export function withoutNan(table: LossTable): { readonly table: LossTable; readonly nan: number } {
  const keeps = (_: number, row: number): boolean => !Number.isNaN(table.loss[row]!);
  const ids = table.ids.filter(keeps);
  const nan = table.ids.length - ids.length;
  if (nan === 0) return { table, nan };
  return {
    table: {
      ids,
      loss: table.loss.filter(keeps),
      labels: table.labels.filter(keeps),
      predicted: table.predicted.filter(keeps),
      margin: table.margin.filter(keeps),
    },
    nan,
  };
}
