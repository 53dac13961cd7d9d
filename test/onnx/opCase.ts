import fc from 'fast-check';
import { randomStream } from '../../src/core/random.ts';
import { allocate, type Dtype, type Tensor } from '../../src/core/tensor.ts';
import type { GraphBuilder } from '../../src/onnx/builder.ts';
import { type Attribute, type Attributes, int, writtenOpset } from '../../src/onnx/graph.ts';

/** One input of an operator: left out, known before the graph runs, or fed when it runs. */
export type CaseInput =
  | { readonly kind: 'absent' }
  | { readonly kind: 'constant'; readonly tensor: Tensor }
  /** `batched`: the operator does not mind the name of a size in place of the first one. */
  | { readonly kind: 'fed'; readonly tensor: Tensor; readonly batched: boolean };

/** A call of one operator with random shapes, attributes and numbers. */
export interface OpCase {
  readonly op: string;
  readonly opset: number;
  readonly attributes: Attributes;
  readonly inputs: readonly CaseInput[];
  readonly outputs: number;
}

/** Adds the call to a graph; its fed inputs are `input 0`, … . With `batch`, the batched ones get that as first size. */
export function addCase(builder: GraphBuilder, { op, attributes, inputs, outputs }: OpCase, batch?: string): string[] {
  const names = inputs.map((input, index) => {
    if (input.kind === 'absent') return '';
    if (input.kind === 'constant') return builder.constant(input.tensor);
    const { dtype, dims } = input.tensor;
    const named = batch !== undefined && input.batched ? [batch, ...dims.slice(1)] : dims;
    return builder.input({ name: inputName(index), dtype, dims: named });
  });
  const made = Array.from({ length: outputs }, (_, index) => `output ${index}`);
  builder.add({ name: 'case', op, domain: '', inputs: names, outputs: made, attributes });
  return made;
}

/** What to feed the graph of a case with. */
export function feedsOf({ inputs }: OpCase): Record<string, Tensor> {
  return Object.fromEntries(
    inputs.flatMap((input, index) => (input.kind === 'fed' ? [[inputName(index), input.tensor] as const] : [])),
  );
}

function inputName(index: number): string {
  return `input ${index}`;
}

export type Dims = readonly number[];
export type Range = (random: () => number) => number;

export const anywhere: Range = (random) => 4 * random() - 2;
/** Clear of 0, where Relu has its kink and Div its pole, and of the neighbourhood that finite differences step into. */
export const clearOfZero: Range = (random) => (random() < 0.5 ? -1 : 1) * (0.5 + 1.5 * random());
export const positive: Range = (random) => 0.5 + 2.5 * random();

/** A tensor of `dtype` whose numbers follow from `seed`; whole numbers and booleans are those of `range`, rounded down. */
export function randomTensor(seed: number, dims: Dims, range: Range = anywhere, dtype: Dtype = 'float32'): Tensor {
  const random = randomStream(seed, 'values');
  const data = allocate(dtype, dims);
  for (let i = 0; i < data.length; i++) {
    const value = range(() => random.unit());
    data[i] = dtype === 'int64' ? BigInt(Math.floor(value)) : dtype === 'bool' ? Number(value > 0) : value;
  }
  return { dtype, dims, data };
}

export const seed: fc.Arbitrary<number> = fc.nat(1_000_000);
export const size: fc.Arbitrary<number> = fc.integer({ min: 1, max: 4 });
export function shape(minLength: number, maxLength: number): fc.Arbitrary<number[]> {
  return fc.array(size, { minLength, maxLength });
}
export const flag: fc.Arbitrary<Attribute | undefined> = fc.constantFrom(int(0), int(1), undefined);
export const factor: fc.Arbitrary<number | undefined> = fc.constantFrom(undefined, 1, 0.5, -2);

export function present(attributes: Readonly<Record<string, Attribute | undefined>>): Attributes {
  return Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

export function fed(tensor: Tensor, batched: boolean = tensor.dims.length > 0): CaseInput {
  return { kind: 'fed', tensor, batched };
}

export function constant(tensor: Tensor): CaseInput {
  return { kind: 'constant', tensor };
}

export const absent: CaseInput = { kind: 'absent' };

export function call(op: string, inputs: readonly CaseInput[], rest: Partial<OpCase> = {}): OpCase {
  return { op, opset: writtenOpset, attributes: {}, inputs, outputs: 1, ...rest };
}

export function unary(op: string, range: Range = anywhere): fc.Arbitrary<OpCase> {
  return fc.tuple(shape(0, 4), seed).map(([dims, from]) => call(op, [fed(randomTensor(from, dims, range))]));
}
