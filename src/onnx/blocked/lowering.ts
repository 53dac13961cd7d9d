import { GraphBuilder, type Step } from '../builder.ts';
import { type Dim, int, ints, writtenOpset } from '../graph.ts';
import { nchwcDomain } from '../ops/nchwc.ts';
import { elementTypeOf } from '../tensorProto.ts';
import { axesOf, inverse, type Layout } from './layout.ts';

/** A blocked convolution that is not written yet: what follows it may still join it. */
export interface Pending {
  /** Writes it, with a blocked tensor added and a ReLU at the end where wanted. */
  write(also: { readonly sum?: string; readonly relu?: boolean }): string;
  /** The same with its result times `scale` plus `shift`, both [C]; absent where that cannot join. */
  readonly scaled?: (scale: string, shift: string) => Pending;
  readonly takesSum: boolean;
}

/** A graph that is written a second time, with convolutions and what lies between them on blocked activations. */
export interface Lowering {
  readonly b: GraphBuilder;
  readonly block: number;
  /** The shape of a value of the graph that is lowered, and its numbers where they are known before the graph runs. */
  dims(value: string): readonly Dim[];
  known(value: string): readonly number[] | undefined;
  /** The lowered name of a value in a layout, which is made where it is not there. */
  in(value: string, layout: Layout): string;
  /** The layouts, other than plain, that a value is there in. */
  layouts(value: string): readonly Layout[];
  /** Says that a value is there in a layout. */
  put(value: string, layout: Layout, name: string): void;
  /** Keeps back a blocked value until somebody asks for it. */
  putPending(value: string, pending: Pending): void;
  /** The value's convolution, if it is still unwritten and nobody but the step in hand uses it. */
  pending(value: string): Pending | undefined;
  /** Writes the nodes of a step as they are. */
  copy(step: Step): void;
}

/** Begins the lowering of `source`, whose inputs and outputs named in `layouts` are in those. */
export function beginLowering(
  source: GraphBuilder,
  block: number,
  layouts: ReadonlyMap<string, Layout>,
): Lowering & { finish(): GraphBuilder } {
  const graph = source.build();
  // Nodes are copied under the names that they have before outputs are renamed.
  const unnamed = { ...graph, nodes: source.steps.flatMap((step) => step.nodes) };
  const b = new GraphBuilder(graph.name, { '': writtenOpset, ...graph.opsets, [nchwcDomain]: 1 }, unnamed);
  const names = new Map<string, Map<Layout, string>>();
  const pendings = new Map<string, Pending>();
  const uses = countUses(source);

  const put = (value: string, layout: Layout, name: string) => {
    const known = names.get(value) ?? new Map<Layout, string>();
    names.set(value, known.set(layout, name));
  };
  for (const input of graph.inputs) put(input.name, layouts.get(input.name) ?? 'plain', b.input(input));

  const inLayout = (value: string, layout: Layout): string => {
    if (value === '') return value;
    const pending = pendings.get(value);
    if (pending !== undefined) {
      pendings.delete(value);
      put(value, 'blocked', pending.write({}));
    }
    const weight = graph.weights.get(value);
    if (weight !== undefined && !names.has(value)) put(value, 'plain', b.weight(value, weight));
    const known = names.get(value)!;
    if (!known.has(layout)) known.set(layout, convert(b, block, known, layout));
    return known.get(layout)!;
  };

  return {
    b,
    block,
    dims: (value) => source.type(value).dims,
    known(value) {
      const tensor = source.known(value);
      return tensor && Array.from(tensor.data, Number);
    },
    in: inLayout,
    layouts(value) {
      const there = [...(names.get(value)?.keys() ?? [])].filter((layout) => layout !== 'plain');
      return pendings.has(value) ? ['blocked', ...there] : there;
    },
    put,
    putPending: (value, pending) => void pendings.set(value, pending),
    pending: (value) => (uses.get(value) === 1 ? pendings.get(value) : undefined),
    copy({ nodes }) {
      const inside = new Set(nodes.flatMap((node) => node.outputs));
      for (const node of nodes) {
        b.add({ ...node, inputs: node.inputs.map((input) => (inside.has(input) ? input : inLayout(input, 'plain'))) });
        for (const output of node.outputs) put(output, 'plain', output);
      }
    },
    finish() {
      for (const { name, value } of source.outputs) b.output(inLayout(value, layouts.get(name) ?? 'plain'), name);
      return b;
    },
  };
}

function countUses(source: GraphBuilder): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const used = [...source.steps.flatMap((step) => step.inputs), ...source.outputs.map(({ value }) => value)];
  for (const value of used) uses.set(value, (uses.get(value) ?? 0) + 1);
  return uses;
}

/** Writes a value in another layout. ONNX Runtime reorders float32 alone: other types take that form on the way. */
function convert(b: GraphBuilder, block: number, known: Map<Layout, string>, layout: Layout): string {
  const [from, name] = [...known].at(-1)!;
  const { dtype } = b.type(name);
  if (dtype === 'float32') return reorder(b, block, known, layout);
  const number = b.node('Cast', [name], { to: int(elementTypeOf('float32')) });
  return b.node('Cast', [reorder(b, block, new Map([[from, number]]), layout)], { to: int(elementTypeOf(dtype)) });
}

/** Writes a float32 value in another layout, by way of the plain one. */
function reorder(b: GraphBuilder, block: number, known: Map<Layout, string>, layout: Layout): string {
  const [from, name] = [...known].at(-1)!;
  if (layout !== 'plain' && !known.has('plain')) known.set('plain', reorder(b, block, known, 'plain'));
  if (layout !== 'plain') return fromPlain(b, known.get('plain')!, layout, block);
  if (from === 'blocked') {
    const channels = int(Number(b.type(name).dims[1]));
    return b.node('ReorderOutput', [name], { channels }, { domain: nchwcDomain });
  }
  const { plain, order } = axesOf(b.dims(name), from, block);
  const apart = b.node('Reshape', [name, b.int64(order.map((axis) => plain[axis]!))]);
  const turned = b.node('Transpose', [apart], { perm: ints(inverse(order)) });
  return b.node('Reshape', [turned, b.int64(b.dims(name))]);
}

function fromPlain(b: GraphBuilder, name: string, layout: Layout, block: number): string {
  if (layout === 'blocked') return b.node('ReorderInput', [name], {}, { domain: nchwcDomain });
  const { plain, order } = axesOf(b.dims(name), layout, block);
  const turned = b.node('Transpose', [b.node('Reshape', [name, b.int64(plain)])], { perm: ints(order) });
  return b.node('Reshape', [turned, b.int64(b.dims(name))]);
}
