import { GraphBuilder } from '../../onnx/builder.ts';
import { writtenOpset } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/model.ts';
import { nchwcDomain } from '../../onnx/ops/nchwc.ts';
import { openSession, toOrt } from './session.ts';

/** More than any block, and a multiple of all. */
const channels = 64;

/**
 * The block that ONNX Runtime's blocked operators use on this CPU (16 with AVX-512, 8 with AVX2), found by reordering a small
 * input; null where it has none. To be called in a thread.
 */
export async function findBlock(): Promise<number | null> {
  const b = new GraphBuilder('block', { '': writtenOpset, [nchwcDomain]: 1 });
  const input = b.input({ name: 'input', dtype: 'float32', dims: [1, channels, 1, 2] });
  b.output(b.node('ReorderInput', [input], {}, { domain: nchwcDomain }), 'output');
  try {
    const session = await openSession(writeModel(b.build()), { device: 'cpu', threads: 1 });
    const data = Float32Array.from({ length: 2 * channels }, (_, i) => i);
    const { output } = await session.run(
      { input: toOrt({ dtype: 'float32', dims: [1, channels, 1, 2], data }) },
      { output: null },
    );
    await session.release();
    // The second cell of the first channel stands behind the first cell of a whole block.
    const block = (output!.data as Float32Array).indexOf(1);
    return block > 1 && channels % block === 0 ? block : null;
  } catch {
    return null;
  }
}
