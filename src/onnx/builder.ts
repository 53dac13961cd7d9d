import { dataError } from '../core/errors.ts';
import { float32, int64, type Tensor } from '../core/tensor.ts';
import {
  type Attributes,
  describeNode,
  type Graph,
  type GraphNode,
  type GraphValue,
  int,
  type ValueType,
  writtenOpset,
} from './graph.ts';
import { findOp, supportedOps } from './ops/index.ts';
import type { GradientContext, InferContext } from './ops/op.ts';
import { longestKnown, type Sizes, sizesOf, tensorOf } from './ops/sizes.ts';

/** What the gradient of a group may look at: what it computes besides. */
export interface GroupGradientContext extends Omit<GradientContext, 'node'> {
  readonly outputs: readonly string[];
}

/** What is known of nodes that are one idea together. */
export interface Group {
  /** What they compute, in a word. */
  readonly kind: string;
  readonly inputs: readonly string[];
  /** What else `kind` needs to be written in another way. */
  readonly detail?: unknown;
  /** The gradient by each of `inputs`, where the group has one in closed form. */
  readonly gradient?: (context: GroupGradientContext) => readonly (string | undefined)[];
}

/** A node, or a group of nodes that gradients and lowerings take as one. */
export interface Step extends Group {
  readonly outputs: readonly string[];
  readonly nodes: readonly GraphNode[];
}

/**
 * Writes a graph node by node and knows the type of every value as it goes, so that whoever adds nodes, gradients above all,
 * can ask for shapes. Values are names.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #opsets: Record<string, number>;
  readonly #inputs: GraphValue[] = [];
  readonly #outputs: GraphValue[] = [];
  readonly #outputValues = new Map<string, string>();
  readonly #weights = new Map<string, Tensor>();
  readonly #nodes: GraphNode[] = [];
  readonly #steps: Step[] = [];
  readonly #types = new Map<string, ValueType>();
  /** Values whose type is not known, which nodes added as they are compute. */
  readonly #untyped = new Set<string>();
  readonly #known = new Map<string, Tensor>();
  readonly #sizes = new Map<string, Sizes>();
  readonly #scalars = new Map<number, string>();
  readonly #renamed = new Map<string, string>();
  readonly #reserved: ReadonlySet<string>;
  readonly #functions: Graph['functions'];
  #fresh = 0;

  /** `source` is a graph whose weights and nodes are going to be added: names made up here keep clear of those. */
  constructor(name: string, opsets: Readonly<Record<string, number>> = { '': writtenOpset }, source?: Graph) {
    this.#name = name;
    this.#opsets = { ...opsets };
    const computed = source?.nodes.flatMap((node) => node.outputs) ?? [];
    this.#reserved = new Set([...(source?.weights.keys() ?? []), ...computed]);
    this.#functions = source?.functions;
  }

  /** Declares a graph input. */
  input({ name, dtype, dims }: GraphValue): string {
    this.#inputs.push({ name, dtype, dims });
    this.#declare(name, { dtype, dims });
    return name;
  }

  /** Makes `value` an output of the graph, under another name if one is given. */
  output(value: string, name: string = value): void {
    const { dtype, dims } = this.type(value);
    if (name !== value) this.#callAlso(value, name);
    this.#outputs.push({ name, dtype, dims });
    this.#outputValues.set(name, value);
  }

  /** Adds a named initialiser. */
  weight(name: string, tensor: Tensor): string {
    this.#weights.set(name, tensor);
    this.#declare(name, tensor);
    if (tensor.data.length <= longestKnown) this.#known.set(name, tensor);
    return name;
  }

  /** An unnamed constant. */
  constant(tensor: Tensor): string {
    return this.weight(this.#freshName('constant'), tensor);
  }

  /** The float32 number `value`, one initialiser for all its uses. */
  scalar(value: number): string {
    const name = this.#scalars.get(value) ?? this.constant(float32([value], []));
    this.#scalars.set(value, name);
    return name;
  }

  /** A constant list of int64, as shapes and axes are given to operators. */
  int64(values: readonly number[]): string {
    return this.constant(int64(values));
  }

  /** Adds an operator with one output, of ONNX's own set unless a domain is given, and returns that. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    { outputs = [this.#freshName(op)], domain = '' }: { outputs?: readonly string[]; domain?: string } = {},
  ): string {
    this.add({ name: outputs[0]!, op, domain, inputs, outputs, attributes });
    return outputs[0]!;
  }

  /** Cuts a value into parts of `sizes` along an axis. */
  split(value: string, sizes: readonly number[], axis: number): readonly string[] {
    const outputs = sizes.map(() => this.#freshName('Split'));
    const inputs = [value, this.int64(sizes)];
    this.add({ name: outputs[0]!, op: 'Split', domain: '', inputs, outputs, attributes: { axis: int(axis) } });
    return outputs;
  }

  /** Adds a node as it is. Throws a data error for an operator without a shape rule. */
  add(node: GraphNode): void {
    const op = findOp(node);
    if (op === undefined)
      throw dataError(
        `Cannot derive a graph through ${describeNode(node)}: the operator is not supported, docs/ops.md lists those that are: ${supportedOps()}`,
      );
    const context: InferContext = {
      node,
      inputs: node.inputs.map((input) => (input === '' ? undefined : this.type(input))),
      constant: (index) => this.#known.get(node.inputs[index] ?? ''),
      sizes: (index) => this.#sizes.get(node.inputs[index] ?? '') ?? sizesOf(this.#known.get(node.inputs[index] ?? '')),
    };
    const types = op.infer(context);
    this.#nodes.push(node);
    this.#steps.push({ kind: node.op, inputs: node.inputs, outputs: node.outputs, nodes: [node] });
    node.outputs.forEach((output, index) => {
      const type = types[index];
      if (output !== '' && type !== undefined) this.#declare(output, type);
    });
    const sizes = op.sizes?.(context);
    if (sizes !== undefined) this.#sizes.set(node.outputs[0]!, sizes);
    const known = op.evaluate?.(context) ?? (sizes && tensorOf(sizes));
    if (known !== undefined) this.#known.set(node.outputs[0]!, known);
  }

  /**
   * Adds a node whether or not its operator is known here: the types of its outputs are, where its rule finds them, and else
   * are not known. Nothing can be derived from a value without a type unless `declareType` gives it one.
   */
  addUnchecked(node: GraphNode): void {
    for (const input of node.inputs) if (input !== '' && !this.#untyped.has(input)) this.type(input);
    const isTyped = node.inputs.every((input) => !this.#untyped.has(input));
    if (isTyped && findOp(node) !== undefined)
      try {
        this.add(node);
        return;
      } catch (error) {
        // What it computes is there twice: no matter of its rule.
        if (this.#nodes.at(-1) === node) throw error;
      }
    this.addUntyped(node);
  }

  /** Adds a node as it is, whose outputs have no type that is known. */
  addUntyped(node: GraphNode): void {
    this.#nodes.push(node);
    this.#steps.push({ kind: node.op, inputs: node.inputs, outputs: node.outputs, nodes: [node] });
    for (const output of node.outputs) if (output !== '') this.#untyped.add(output);
  }

  /** Tells the type of a value that has none, as the file or ONNX Runtime gives it. */
  declareType(value: string, type: ValueType): void {
    this.#untyped.delete(value);
    this.#declare(value, type);
  }

  /** The type of a value where it is known. */
  typeOf(value: string): ValueType | undefined {
    return this.#types.get(value);
  }

  /** Takes the nodes that `write` adds, which compute the values that it returns, as one step. */
  group<const Outputs extends readonly string[]>(group: Group, write: () => Outputs): Outputs {
    const before = this.#steps.length;
    const outputs = write();
    const nodes = this.#steps.splice(before).flatMap((step) => step.nodes);
    this.#steps.push({ ...group, outputs, nodes });
    return outputs;
  }

  /** The type of a value; throws where the graph does not hold it. */
  type(value: string): ValueType {
    const type = this.#types.get(value);
    if (type === undefined && this.#untyped.has(value))
      throw dataError(`The shape of "${value}" is not known, give it in the file (onnx.shape_inference)`);
    if (type === undefined) throw dataError(`The graph uses "${value}", which nothing before it computes`);
    return type;
  }

  /** The value of `value` where it is known before the graph runs. */
  known(value: string): Tensor | undefined {
    return this.#known.get(value);
  }

  /** The sizes of a value; throws a data error where one is not a number. */
  dims(value: string): readonly number[] {
    const { dims } = this.type(value);
    if (dims.every((dim) => typeof dim === 'number')) return dims;
    throw dataError(
      `The shape [${dims.join(', ')}] of "${value}" has to be known to train: give the model a fixed input shape apart from its batch`,
    );
  }

  /** The version of ONNX's own operator set. */
  get opset(): number {
    return this.#opsets['']!;
  }

  /** What was added so far, in order. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  get inputs(): readonly GraphValue[] {
    return this.#inputs;
  }

  /** The outputs' names, and the values that they are. */
  get outputs(): readonly { readonly name: string; readonly value: string }[] {
    return this.#outputs.map(({ name }) => ({ name, value: this.#outputValues.get(name)! }));
  }

  /** The finished graph. */
  build(): Graph {
    return {
      name: this.#name,
      opsets: this.#opsets,
      inputs: this.#inputs,
      outputs: this.#outputs,
      weights: this.#weights,
      nodes: this.#nodes.map((node) => this.#withNewNames(node)),
      ...(this.#functions && { functions: this.#functions }),
    };
  }

  /** An Identity would copy the whole tensor: what a node computes is renamed in place, if no other output is called so. */
  #callAlso(value: string, name: string): void {
    const isComputed = this.#nodes.some((node) => node.outputs.includes(value));
    const isNamed = this.#renamed.has(value) || this.#outputs.some((output) => output.name === value);
    const free = isComputed && !isNamed ? value : this.node('Identity', [value]);
    this.#makeWay(name, free);
    this.#renamed.set(free, name);
  }

  /** Gives the name `name` to `value`: another value inside the graph that is called so gets a fresh one. */
  #makeWay(name: string, value: string): void {
    const isInside =
      this.#nodes.some((node) => node.outputs.includes(name)) && !this.#outputs.some((output) => output.name === name);
    if (isInside) this.#renamed.set(name, this.#freshName(name));
    else this.#declare(name, this.type(value));
  }

  #withNewNames(node: GraphNode): GraphNode {
    const rename = (value: string) => this.#renamed.get(value) ?? value;
    return { ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) };
  }

  #freshName(hint: string): string {
    let name: string;
    do {
      this.#fresh += 1;
      name = `rho/${hint}_${this.#fresh}`;
    } while (this.#types.has(name) || this.#reserved.has(name));
    return name;
  }

  #declare(value: string, { dtype, dims }: ValueType): void {
    if (this.#types.has(value)) throw dataError(`The graph computes "${value}" twice`);
    // Weights and graph inputs come with more than their type, which must not spread to what is computed from them.
    this.#types.set(value, { dtype, dims });
  }
}
