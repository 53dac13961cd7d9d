// Writes docs/ops.md, the table of ONNX operators: npm run build && node tools/makeOpTable.mjs
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ops } from '../dist/onnx/ops/index.js';

/** The table as Markdown, from the operators' own files. */
export function opTable() {
  const rows = [...ops.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, gradient, execute }) => `| ${name} | yes | ${mark(gradient)} | ${mark(execute)} |`);
  return [
    '# ONNX operators',
    '',
    'Made from `src/onnx/ops` by `tools/makeOpTable.mjs`. Models in opset 7 and newer; what changed since an older opset is',
    'brought up to date when a model is read.',
    '',
    '- **scores**: a model with this operator can be scored. Others cannot be used: the error names operator and node.',
    '- **trains**: it has a gradient, so weights before it can be trained. Operators on shapes, masks and indices need none.',
    '- **tf.js**: the engine `tfjs` runs it.',
    '',
    '| operator | scores | trains | tf.js |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function mark(member) {
  return member === undefined ? '-' : 'yes';
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(new URL('../docs/ops.md', import.meta.url), opTable());
