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

/** Nodes that gradients take as one: a single node, or a group whose gradient is known in closed form. */
export interface Step {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The node, or the last one of a group. */
  readonly node: GraphNode;
  /** The gradient of a group by each of `inputs`; a single node has that of its operator. */
  readonly gradient?: (context: Omit<GradientContext, 'node'>) => readonly (string | undefined)[];
}

/** Shapes and axes are short; longer constants are weights, which nobody computes with before the graph runs. */
const longestFoldedConstant = 64;

/**
 * Writes a graph node by node and knows the type of every value as it goes, so that whoever adds nodes, gradients above all,
 * can ask for shapes. Values are names.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #opsets: Record<string, number>;
  readonly #inputs: GraphValue[] = [];
  readonly #outputs: GraphValue[] = [];
  readonly #weights = new Map<string, Tensor>();
  readonly #nodes: GraphNode[] = [];
  #steps: Step[] = [];
  readonly #types = new Map<string, ValueType>();
  readonly #known = new Map<string, Tensor>();
  readonly #scalars = new Map<number, string>();
  readonly #renamed = new Map<string, string>();
  readonly #reserved: ReadonlySet<string>;
  #fresh = 0;

  /** `source` is a graph whose weights and nodes are going to be added: names made up here keep clear of those. */
  constructor(name: string, opsets: Readonly<Record<string, number>> = { '': writtenOpset }, source?: Graph) {
    this.#name = name;
    this.#opsets = { ...opsets };
    const computed = source?.nodes.flatMap((node) => node.outputs) ?? [];
    this.#reserved = new Set([...(source?.weights.keys() ?? []), ...computed]);
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
  }

  /** Adds a named initialiser. */
  weight(name: string, tensor: Tensor): string {
    this.#weights.set(name, tensor);
    this.#declare(name, tensor);
    if (tensor.data.length <= longestFoldedConstant) this.#known.set(name, tensor);
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

  /** Adds an operator of ONNX's own set with one output and returns that. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    names?: { outputs?: readonly string[] },
  ): string {
    const outputs = names?.outputs ?? [this.#freshName(op)];
    this.add({ name: outputs[0]!, op, domain: '', inputs, outputs, attributes });
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
        `Cannot derive a graph through ${describeNode(node)}: its shape rule is not known, supported are ${supportedOps()}`,
      );
    const context: InferContext = {
      node,
      inputs: node.inputs.map((input) => (input === '' ? undefined : this.type(input))),
      constant: (index) => this.#known.get(node.inputs[index] ?? ''),
    };
    const types = op.infer(context);
    this.#nodes.push(node);
    this.#steps.push({ inputs: node.inputs, outputs: node.outputs, node });
    node.outputs.forEach((output, index) => {
      const type = types[index];
      if (output !== '' && type !== undefined) this.#declare(output, type);
    });
    const known = op.evaluate?.(context);
    if (known !== undefined) this.#known.set(node.outputs[0]!, known);
  }

  /** Takes the nodes that `write` adds as one step, which has the `gradient` given by each of `inputs`. */
  group(
    inputs: readonly string[],
    outputs: readonly string[],
    gradient: Step['gradient'] & {},
    write: () => void,
  ): void {
    const before = this.#steps.length;
    write();
    const node = this.#steps.at(-1)!.node;
    this.#steps = [...this.#steps.slice(0, before), { inputs, outputs, node, gradient }];
  }

  /** The type of a value; throws where the graph does not hold it. */
  type(value: string): ValueType {
    const type = this.#types.get(value);
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

  /** The finished graph. */
  build(): Graph {
    return {
      name: this.#name,
      opsets: this.#opsets,
      inputs: this.#inputs,
      outputs: this.#outputs,
      weights: this.#weights,
      nodes: this.#nodes.map((node) => this.#withNewNames(node)),
    };
  }

  /** An Identity would copy the whole tensor: what a node computes is renamed in place, if no other output is called so. */
  #callAlso(value: string, name: string): void {
    const isComputed = this.#nodes.some((node) => node.outputs.includes(value));
    const isNamed = this.#renamed.has(value) || this.#outputs.some((output) => output.name === value);
    if (isComputed && !isNamed) {
      this.#declare(name, this.type(value));
      this.#renamed.set(value, name);
    } else this.node('Identity', [value], {}, { outputs: [name] });
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
