import { dataError } from '../core/errors.ts';
import { int64, type Tensor } from '../core/tensor.ts';
import { type Attributes, type Graph, type GraphNode, type GraphValue, int } from './graph.ts';
import { type ExampleOutput, labelsInput } from './lossHead.ts';
import { renameValues } from './renameValues.ts';
import { fixedBatch } from './scoreGraph.ts';
import { elementTypeOf } from './tensorProto.ts';

/** What a step chooses among, and how the candidates are fed. */
export interface SelectStepOptions {
  /** What an error calls the model. */
  readonly name: string;
  /** Candidates of a step. */
  readonly bigBatch: number;
  /** How many of them are trained on. */
  readonly smallBatch: number;
  /** The inputs that take the examples, which score graph and train step have in common. */
  readonly inputs: readonly string[];
  /** What the score graph gives; the loss has to be among it. */
  readonly outputs: readonly ExampleOutput[];
  /** Candidates are scored in runs of at most so many, as caches and memories want it; default all at once. */
  readonly examplesPerRun?: number;
}

/** The float32 input of a select step that takes the irreducible losses, [bigBatch]: zeros where a strategy has none. */
export const irreducibleInput = 'rho/irreducible';

/** The int32 output of a select step that gives the positions of the chosen candidates, [smallBatch], best first. */
export const chosenOutput = 'rho/chosen';

/** What an input or output of the score graph is called in a select step, where it is that of all candidates. */
export function ofCandidates(name: string): string {
  return `rho/candidates/${name}`;
}

/**
 * Joins the score graph of a model and its train step, whose weights are inputs of both, to one graph that scores the
 * candidates, subtracts their irreducible losses, and takes the train step on the `smallBatch` with the highest difference
 * (Mindermann et al. 2022, Algorithm 1). Of equal differences the first position wins; what is not a number comes after
 * everything else, and it is for the caller to see that none of it was chosen. Inputs: those of the train step, but examples
 * and labels `ofCandidates`, [bigBatch, …], and `irreducibleInput`. Outputs: those of the train step, those of the score graph
 * `ofCandidates`, and `chosenOutput`. Throws a data error where the candidates do not divide into runs of a fixed size.
 */
export function selectStep(score: Graph, step: Graph, options: SelectStepOptions): Graph {
  const { inputs, name } = options;
  const examples = [...inputs, labelsInput];
  const runs = runsOf(score, options);
  const nodes: GraphNode[] = [];
  const weights = new Map<string, Tensor>([...step.weights]);
  const write = writerTo(nodes, weights);

  const cut = new Map(examples.map((input) => [input, write.cut(ofCandidates(input), runs)]));
  const isShared = (value: string) =>
    (score.inputs.some((input) => input.name === value) && !cut.has(value)) ||
    (score.weights.has(value) && step.weights.get(value)?.data === score.weights.get(value)!.data);
  runs.forEach((_, index) => {
    const run = renameValues(score, (value) => {
      if (isShared(value)) return value;
      return cut.get(value)?.[index] ?? ofCandidates(score.weights.has(value) ? value : `${index}/${value}`);
    });
    nodes.push(...run.nodes);
    for (const [weight, tensor] of run.weights) weights.set(weight, tensor);
  });
  const scored = options.outputs.map((output) => {
    const parts = runs.map((_, index) => ofCandidates(`${index}/${output}`));
    // One output cannot go by two names.
    write.node(parts.length === 1 ? 'Identity' : 'Concat', parts, ofCandidates(output), parts.length === 1 ? {} : axis);
    const { dtype } = score.outputs.find((found) => found.name === output)!;
    return { name: ofCandidates(output), dtype, dims: [options.bigBatch] } satisfies GraphValue;
  });
  writeChoice(write, ofCandidates('loss'), options.smallBatch);
  for (const input of examples) write.node('Gather', [ofCandidates(input), chosenOutput], input, axis);

  const all = (value: GraphValue) =>
    cut.has(value.name)
      ? { ...value, name: ofCandidates(value.name), dims: [options.bigBatch, ...value.dims.slice(1)] }
      : value;
  const irreducible: GraphValue = { name: irreducibleInput, dtype: 'float32', dims: [options.bigBatch] };
  const chosen: GraphValue = { name: chosenOutput, dtype: 'int32', dims: [options.smallBatch] };
  return {
    ...step,
    name: `${name}/select-step`,
    opsets: { ...score.opsets, ...step.opsets },
    inputs: [...step.inputs.map(all), irreducible],
    outputs: [...step.outputs, ...scored, chosen],
    weights,
    nodes: [...nodes, ...step.nodes],
  };
}

/** The sizes of the runs that candidates are scored in. */
function runsOf(score: Graph, options: SelectStepOptions): readonly number[] {
  const { name, bigBatch, examplesPerRun = bigBatch } = options;
  const fixed = fixedBatch({ ...score, inputs: score.inputs.filter((input) => options.inputs.includes(input.name)) });
  if (fixed !== undefined && bigBatch % fixed !== 0)
    throw dataError(
      `Cannot choose among ${bigBatch} candidates inside the step of "${name}": its file fixes batches of ${fixed}, expected a multiple of that`,
    );
  const size = fixed ?? examplesPerRun;
  return Array.from({ length: Math.ceil(bigBatch / size) }, (_, run) => Math.min(size, bigBatch - run * size));
}

/** Adds nodes of ONNX's own operators. */
interface Writer {
  node(op: string, inputs: readonly string[], output: string, attributes?: Attributes): string;
  constant(output: string, tensor: Tensor): string;
  /** The parts of a value along the first axis, which is itself where it stays whole. */
  cut(value: string, sizes: readonly number[]): readonly string[];
}

const axis: Attributes = { axis: int(0) };

function writerTo(nodes: GraphNode[], weights: Map<string, Tensor>): Writer {
  const add = (op: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes) =>
    void nodes.push({ name: outputs[0]!, op, domain: '', inputs, outputs, attributes });
  return {
    node(op, inputs, output, attributes = {}) {
      // The values of TopK are of no use, its positions are.
      add(op, inputs, op === 'TopK' ? [`${output}/values`, output] : [output], attributes);
      return output;
    },
    constant(output, tensor) {
      weights.set(output, tensor);
      return output;
    },
    cut(value, sizes) {
      if (sizes.length === 1) return [value];
      const parts = sizes.map((_, index) => `${value}/${index}`);
      weights.set(`${value}/sizes`, int64(sizes));
      add('Split', [value, `${value}/sizes`], parts, axis);
      return parts;
    },
  };
}

/** Below every difference of two float32 but minus infinity, and above that. */
const lowest = -1e300;

/**
 * The rule of `selectTop` in operators. Differences become float64, where there is room for minus infinity below the lowest
 * float32 and for what is not a number below that.
 */
function writeChoice({ node, constant }: Writer, loss: string, smallBatch: number): void {
  const inside = (name: string) => `rho/choice/${name}`;
  const scalar = (name: string, value: number) =>
    constant(inside(name), { dtype: 'float64', dims: [], data: Float64Array.of(value) });
  const reducible = node('Sub', [loss, irreducibleInput], inside('reducible'));
  const wide = node('Cast', [reducible], inside('wide'), { to: int(elementTypeOf('float64')) });
  const finite = node('Max', [wide, scalar('lowest', lowest)], inside('finite'));
  const isNan = node('IsNaN', [reducible], inside('is-nan'));
  const key = node('Where', [isNan, scalar('none', Number.NEGATIVE_INFINITY), finite], inside('key'));
  const best = node('TopK', [key, constant(inside('count'), int64([smallBatch]))], inside('best'), axis);
  node('Cast', [best], chosenOutput, { to: int(elementTypeOf('int32')) });
}
