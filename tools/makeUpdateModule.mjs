// Assembles src/engine/ort/update.wat and writes it as src/engine/ort/updateModule.ts, which every runtime can import.
// With --check nothing is written, and a file that is not current ends it with exit code 1.
import { readFile, writeFile } from 'node:fs/promises';
import openWabt from 'wabt';

const folder = new URL('../src/engine/ort/', import.meta.url);
const target = new URL('updateModule.ts', folder);
const lineLength = 116;

const wabt = await openWabt();
const source = await readFile(new URL('update.wat', folder), 'utf8');
const module = wabt.parseWat('update.wat', source, { simd: true });
const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
const lines = base64.match(new RegExp(`.{1,${lineLength - 6}}`, 'g')).map((line) => `  '${line}'`);
const written = `// Made from update.wat by tools/makeUpdateModule.mjs.

/** The bytes of the WebAssembly module, in base64. */
export const updateModule: string = [
${lines.join(',\n')},
].join('');
`;
if (!process.argv.includes('--check')) await writeFile(target, written);
else if ((await readFile(target, 'utf8')) !== written) {
  console.error('src/engine/ort/updateModule.ts is not what update.wat gives: run node tools/makeUpdateModule.mjs');
  process.exit(1);
}
