// Assembles each .wat in src/engine/ort and writes it as a module of TypeScript beside it, which every runtime can import.
// With --check nothing is written, and a file that is not current ends it with exit code 1.
import { readFile, writeFile } from 'node:fs/promises';
import openWabt from 'wabt';

const folder = new URL('../src/engine/ort/', import.meta.url);
const names = ['update', 'quantise'];
const lineLength = 116;

const wabt = await openWabt();
for (const name of names) {
  const target = new URL(`${name}Module.ts`, folder);
  const source = await readFile(new URL(`${name}.wat`, folder), 'utf8');
  const module = wabt.parseWat(`${name}.wat`, source, { simd: true });
  const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
  const lines = base64.match(new RegExp(`.{1,${lineLength - 6}}`, 'g')).map((line) => `  '${line}'`);
  const written = `// Made from ${name}.wat by tools/makeWasmModules.mjs.

/** The bytes of the WebAssembly module, in base64. */
export const ${name}Module: string = [
${lines.join(',\n')},
].join('');
`;
  if (!process.argv.includes('--check')) await writeFile(target, written);
  else if ((await readFile(target, 'utf8')) !== written) {
    console.error(`src/engine/ort/${name}Module.ts is not what ${name}.wat gives: run node tools/makeWasmModules.mjs`);
    process.exitCode = 1;
  }
}
