import { elementCount, type Tensor } from '../../core/tensor.ts';
import type { GraphBuilder } from '../builder.ts';
import { type Graph, type GraphNode, numberAttribute } from '../graph.ts';
import { elementTypeOf } from '../tensorProto.ts';
import { constantTensor } from './matrix.ts';

/** A value [batch, inner] that is computed from stored bytes number by number: bytes times `scale` plus `shift`. */
export interface StoredBytes {
  /** The graph's input, uint8 [batch, …]. */
  readonly input: string;
  /** One for each number of an example, in order. */
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** What is done to the scale and the shift of each number by an operator with a constant beside it. */
const steps: Readonly<Record<string, (scale: number, shift: number, by: number) => readonly [number, number]>> = {
  Mul: (scale, shift, by) => [scale * by, shift * by],
  Div: (scale, shift, by) => [scale / by, shift / by],
  Add: (scale, shift, by) => [scale, shift + by],
  Sub: (scale, shift, by) => [scale, shift - by],
};

/**
 * The stored bytes behind `value`, where all that lies between is a change of type or shape, or arithmetic with constants, as
 * preprocessing is. Undefined where there is more, or a scale of 0.
 */
export function storedBytesBehind(
  graph: Graph,
  b: GraphBuilder,
  producers: ReadonlyMap<string, GraphNode>,
  value: string,
): StoredBytes | undefined {
  const found = behind(value);
  return found?.scale.every((scale) => scale !== 0 && Number.isFinite(scale)) ? found : undefined;

  function behind(name: string): StoredBytes | undefined {
    const input = graph.inputs.find((candidate) => candidate.name === name);
    if (input !== undefined) return input.dtype === 'uint8' ? untouched(name, b.type(name).dims) : undefined;
    const node = producers.get(name);
    if (node === undefined || node.domain !== '') return undefined;
    const [from = '', other = ''] = node.inputs;
    if (keepsOrder(node) && b.type(name).dims[0] === b.type(from).dims[0]) return behind(from);
    const step = steps[node.op];
    const isAfter = constantTensor(graph, producers, other) !== undefined;
    const commutes = node.op === 'Add' || node.op === 'Mul';
    const [changed, by] = isAfter || !commutes ? [from, other] : [other, from];
    const constant = constantTensor(graph, producers, by);
    const bytes = step && constant && b.type(changed).dims.length === b.type(name).dims.length && behind(changed);
    const numbers = bytes && numbersFor(constant, b.type(name).dims.slice(1) as number[]);
    if (!step || !bytes || !numbers || numbers.length !== bytes.scale.length) return undefined;
    const changes = numbers.map((number, i) => step(bytes.scale[i]!, bytes.shift[i]!, number));
    return {
      input: bytes.input,
      scale: Float64Array.from(changes, ([scale]) => scale),
      shift: Float64Array.from(changes, ([, shift]) => shift),
    };
  }
}

/** Whether the numbers of an example stay what they are, in the same order. */
function keepsOrder(node: GraphNode): boolean {
  if (node.op === 'Cast') return numberAttribute(node, 'to', 0) === elementTypeOf('float32');
  return ['Identity', 'Reshape', 'Flatten'].includes(node.op);
}

function untouched(input: string, dims: readonly (number | string)[]): StoredBytes | undefined {
  const sizes = dims.slice(1);
  if (!sizes.every((size) => typeof size === 'number')) return undefined;
  const count = elementCount(sizes);
  return { input, scale: new Float64Array(count).fill(1), shift: new Float64Array(count) };
}

/** The number of a constant for each number of an example of shape `dims`, to which it broadcasts; the same for all examples. */
function numbersFor({ dims: own, data }: Tensor, dims: readonly number[]): number[] | undefined {
  if (own.length > dims.length + 1 || (own.length === dims.length + 1 && own[0] !== 1)) return undefined;
  const sizes = own.slice(Math.max(0, own.length - dims.length));
  const aligned = [...Array<number>(dims.length - sizes.length).fill(1), ...sizes];
  if (!aligned.every((size, axis) => size === 1 || size === dims[axis])) return undefined;
  return Array.from({ length: elementCount(dims) }, (_, index) => {
    let rest = index;
    let place = 0;
    let stride = 1;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const position = rest % dims[axis]!;
      rest = (rest - position) / dims[axis]!;
      if (aligned[axis] !== 1) place += position * stride;
      stride *= aligned[axis]!;
    }
    return Number(data[place]);
  });
}
