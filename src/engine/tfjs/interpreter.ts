import { dataError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import { describeNode, type Graph, type GraphNode } from '../../onnx/graph.ts';
import { type Execute, plain, type TfModule, type TfTensor, type Value } from '../../onnx/ops/execution.ts';
import { findOp, supportedOps } from '../../onnx/ops/index.ts';
import { toTf } from './tensors.ts';

export type TfTensors = Readonly<Record<string, TfTensor>>;

/** A graph that is ready to be run with TensorFlow.js, for batches of one size. */
export interface Program {
  /** Computes the outputs from the inputs. Everything in between is left to a tidy around the call. */
  run(inputs: TfTensors): Record<string, TfTensor>;
  /** Frees the weights that belong to the graph. */
  dispose(): void;
}

interface Instruction {
  readonly node: GraphNode;
  readonly execute: Execute;
}

/**
 * Prepares a graph: what is known before it runs is worked out, and the rest becomes a list of operators to execute. Sizes
 * that the graph has by name are `batch`. Throws a data error that names an operator TensorFlow.js is not told how to run.
 */
export function compile(tf: TfModule, graph: Graph, batch: number): Program {
  const builder = new GraphBuilder(graph.name, graph.opsets);
  for (const { name, dtype, dims } of graph.inputs)
    builder.input({ name, dtype, dims: dims.map((dim) => (typeof dim === 'string' ? batch : dim)) });
  for (const [name, tensor] of graph.weights) builder.weight(name, tensor);
  const instructions = graph.nodes.flatMap((node): Instruction[] => {
    builder.add(node);
    return builder.known(node.outputs[0]!) === undefined ? [{ node, execute: executeOf(node) }] : [];
  });
  const requireKnown = (name: string): Tensor => {
    const known = graph.weights.get(name) ?? builder.known(name);
    if (known !== undefined) return known;
    throw dataError(`Cannot run the model with TensorFlow.js: nothing computes "${name}" there, use --engine onnx`);
  };

  const constants = new Map<string, TfTensor>();
  const constantOf = (name: string): TfTensor => {
    const held = constants.get(name) ?? tf.keep(toTf(tf, requireKnown(name)));
    constants.set(name, held);
    return held;
  };
  return {
    run(inputs) {
      const values = new Map<string, Value>(
        Object.entries(inputs).map(([name, tensor]) => [name, plain(tf, tensor)] as const),
      );
      const at = (name: string): Value => {
        const value = values.get(name) ?? plain(tf, constantOf(name));
        values.set(name, value);
        return value;
      };
      for (const { node, execute } of instructions) {
        const results = execute({
          tf,
          node,
          input: (index) => at(node.inputs[index]!),
          has: (index) => Boolean(node.inputs[index]),
          constant: (index) => builder.known(node.inputs[index] ?? ''),
        });
        node.outputs.forEach((output, index) => {
          const result = results[index];
          if (result !== undefined) values.set(output, result);
        });
      }
      return Object.fromEntries(graph.outputs.map(({ name }) => [name, at(name).plain()]));
    },
    dispose() {
      for (const tensor of constants.values()) tensor.dispose();
      constants.clear();
    },
  };
}

function executeOf(node: GraphNode): Execute {
  const execute = findOp(node)?.execute;
  if (execute === undefined)
    throw dataError(
      `Cannot run ${describeNode(node)} with TensorFlow.js: use --engine onnx, or a model of ${supportedOps((op) => op.execute !== undefined)}`,
    );
  return execute;
}
