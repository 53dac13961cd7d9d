import { environmentError } from '../../core/errors.ts';
import { describeNode, type Graph, type GraphNode, numberAttribute } from '../../onnx/graph.ts';
import type { Device } from '../engine.ts';

/**
 * Throws an environment error where a graph holds what ONNX Runtime 1.30.0 computes wrongly, without a word, with WebGPU.
 * Found by comparing 260 grouped convolutions with the CPU: those whose channels of a group do not divide into the vectors
 * that it computes with.
 */
export function requireRight(graph: Graph, device: Device, name: string): void {
  if (device !== 'webgpu') return;
  const inputs = new Map(graph.inputs.map((input) => [input.name, input.dims]));
  const wrong = graph.nodes.find((node) => {
    const [first, second] = graph.weights.get(node.inputs[1] ?? '')?.dims ?? inputs.get(node.inputs[1] ?? '') ?? [];
    return typeof first === 'number' && typeof second === 'number' && isWrong(node, first, second);
  });
  if (wrong !== undefined)
    throw environmentError(
      `Cannot use the device "webgpu" for "${name}": ${describeNode(wrong)} has groups of channels that ONNX Runtime computes wrongly there, pass --device cpu`,
    );
}

/** By the first two sizes of a convolution's filters. */
function isWrong(node: GraphNode, first: number, second: number): boolean {
  const groups = numberAttribute(node, 'group', 1);
  if (groups === 1) return false;
  const perGroup = first / groups;
  if (node.op === 'Conv') return perGroup >= 4 && perGroup % vector(first) !== 0;
  return node.op === 'ConvTranspose' && second === 1 && perGroup >= 4 && vector(perGroup) > 1;
}

/** How many channels are computed with at a time. */
function vector(channels: number): number {
  return channels % 4 === 0 ? 4 : channels % 2 === 0 ? 2 : 1;
}
