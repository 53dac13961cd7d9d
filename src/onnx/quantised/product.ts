import type { GraphBuilder } from '../builder.ts';
import { microsoftDomain } from '../ops/microsoft.ts';
import type { QuantisedRows } from './rows.ts';
import type { QuantisedWeight } from './weights.ts';

/** Writes rows times weight, plus a bias [columns] where one is given, as float32 [rows, columns]. */
export function writeProduct(b: GraphBuilder, rows: QuantisedRows, weight: QuantisedWeight, bias: string = ''): string {
  const { values, zero = '', scales } = rows;
  // The scales of rows come after the product, and so must the bias then: the operator knows one scale for all rows.
  const joined = scales === undefined ? bias : '';
  const inputs = withoutTail([values, weight.values, b.scalar(1), weight.scales, zero, weight.zero ?? '', joined]);
  const product = b.node('MatMulIntegerToFloat', inputs, {}, { domain: microsoftDomain });
  if (scales === undefined) return product;
  const scaled = b.node('Mul', [product, scales]);
  return bias === '' ? scaled : b.node('Add', [scaled, bias]);
}

function withoutTail(inputs: readonly string[]): readonly string[] {
  return inputs.slice(0, inputs.findLastIndex((input) => input !== '') + 1);
}
