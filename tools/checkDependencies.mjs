// Checks the rules of docs/architecture.md on who may import what. "node tools/checkDependencies.mjs" prints the
// violations and exits with 1 where there is one; test/tools/checkDependencies.test.ts does the same in "npm test".

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdsOnlyReExports, readGlobals, readImports } from './readImports.mjs';

const LOOP_AND_BELOW = ['core', 'onnx', 'runtime', 'data', 'store', 'engine', 'loop'];
const JOBS_AND_BELOW = [...LOOP_AND_BELOW, 'architectures', 'report', 'jobs'];

/** The folders of src/ (or single files in it), each with those it may import besides itself. */
export const ALLOWED_FOLDERS = {
  core: [],
  onnx: ['core'],
  architectures: ['core', 'onnx'],
  runtime: ['core'],
  data: ['core', 'runtime'],
  store: ['core', 'runtime', 'data'],
  engine: ['core', 'onnx', 'runtime'],
  loop: ['core', 'onnx', 'runtime', 'data', 'store', 'engine'],
  report: LOOP_AND_BELOW,
  jobs: [...LOOP_AND_BELOW, 'architectures', 'report'],
  queue: JOBS_AND_BELOW,
  commands: [...JOBS_AND_BELOW, 'queue'],
  web: JOBS_AND_BELOW,
  'cli.ts': ['commands', 'core', 'runtime'],
  // What all have in common; the surface of the web adds the worker of jobs, which Node has no use for.
  'common.ts': JOBS_AND_BELOW,
  'index.ts': [...JOBS_AND_BELOW, 'queue', 'common.ts'],
  'browser.ts': [...JOBS_AND_BELOW, 'common.ts', 'web'],
};

/** The packages with a home: only files whose path in src/ starts so may import them. */
export const ALLOWED_PLACES = {
  'pure-rand': ['core/random.ts'],
  'onnxruntime-*': ['engine/ort/'],
  '@tensorflow/*': ['engine/tfjs/'],
  '@bufbuild/protobuf': ['onnx/'],
  bullmq: ['queue/'],
  ioredis: ['queue/'],
  sharp: ['data/imageDecoder.ts'],
  commander: ['commands/', 'cli.ts'],
  'node:*': ['runtime/'],
};

/** Where a type-only import, which is gone at run time, may name such a package as well. */
export const ALLOWED_TYPE_PLACES = { '@tensorflow/*': ['onnx/ops/'] };

/** Globals that only these places may touch. */
export const ALLOWED_GLOBALS = {
  process: ['runtime/'],
  Deno: ['runtime/'],
  Bun: ['runtime/'],
  window: ['web/', 'runtime/web/'],
  document: ['web/', 'runtime/web/'],
  // TensorFlow.js finds the WebGPU of Node there.
  navigator: ['web/', 'runtime/web/', 'engine/tfjs/backends.ts'],
};

/** What runs in browsers: files in web/ at any depth, which may not touch what browsers lack. */
const ABSENT_IN_BROWSERS = ['process', 'Deno', 'Bun'];
const isForBrowsers = (file) => file.split('/').slice(0, -1).includes('web');

/** Longer files hold more than one idea; generated ones are exempt. */
export const MOST_LINES = 400;

const matches = (name, pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
const isUnder = (file, places) =>
  places.some((place) => file === place || (place.endsWith('/') && file.startsWith(place)));

/** 'a/b' of 'a/b/c' for scoped packages, else what stands before the first slash; built-in modules keep 'node:'. */
function packageName(specifier) {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What is wrong with the import of `specifier`, or undefined. */
function packageViolation(file, { specifier, kind }, declared) {
  const name = packageName(specifier);
  const pattern = Object.keys(ALLOWED_PLACES).find((pattern) => matches(name, pattern));
  const typePlaces = kind === 'type' ? (ALLOWED_TYPE_PLACES[pattern] ?? []) : [];
  const places = pattern && [...ALLOWED_PLACES[pattern], ...typePlaces];
  if (name.startsWith('node:') && isForBrowsers(file)) return `imports "${specifier}", which browsers lack`;
  if (places && !isUnder(file, places)) return `imports "${specifier}", which only ${places.join(' and ')} may`;
  if (!name.startsWith('node:') && !declared.includes(name)) {
    return `imports "${specifier}", which is no dependency in package.json`;
  }
  if (!places && file.startsWith('core/')) return `imports "${specifier}", but core imports no package save pure-rand`;
  return undefined;
}

/** What is wrong with a relative import, or undefined. */
function folderViolation(file, { specifier, kind }) {
  const target = path.posix.join(path.posix.dirname(file), specifier);
  const from = file.split('/')[0];
  const to = target.split('/')[0];
  if (from === to || target === '../package.json') return undefined;
  // Data files that ship beside dist/, such as models/ and data/.
  if (kind === 'url' && to === '..') return undefined;
  if (ALLOWED_FOLDERS[from]?.includes(to)) return undefined;
  return `imports "${specifier}", but ${from} may import ${ALLOWED_FOLDERS[from]?.join(', ') || 'no other folder'}`;
}

function fileViolations(file, source, declared) {
  const violations = [];
  const report = (line, what) => violations.push(`src/${file}:${line} ${what}`);
  if (!(file.split('/')[0] in ALLOWED_FOLDERS)) report(1, 'lies in no folder that tools/checkDependencies.mjs knows');
  const lines = source.replace(/\n$/, '').split('\n').length;
  if (lines > MOST_LINES && !source.includes('@generated'))
    report(1, `has ${lines} lines, at most ${MOST_LINES} are kept`);
  if (['common.ts', 'index.ts', 'browser.ts'].includes(file) && !holdsOnlyReExports(source)) {
    report(1, 'holds more than "export … from …"');
  }
  for (const found of readImports(source)) {
    const what = /^\.{1,2}(\/|$)/.test(found.specifier)
      ? folderViolation(file, found)
      : packageViolation(file, found, declared);
    if (what) report(found.line, what);
  }
  for (const { name, line } of readGlobals(source, Object.keys(ALLOWED_GLOBALS))) {
    const places = ALLOWED_GLOBALS[name];
    if (isForBrowsers(file) && ABSENT_IN_BROWSERS.includes(name))
      report(line, `touches the global "${name}", which browsers lack`);
    else if (!isUnder(file, places))
      report(line, `touches the global "${name}", which only ${places.join(' and ')} may`);
  }
  return violations;
}

/**
 * Every breach of the rules in the src/ of the project at `root`, as "src/file.ts:line what is wrong".
 */
export function findViolations(root) {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  const src = path.join(root, 'src');
  return fs
    .readdirSync(src, { recursive: true })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => fileViolations(file, fs.readFileSync(path.join(src, file), 'utf8'), declared));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const violations = findViolations(path.join(import.meta.dirname, '..'));
  for (const violation of violations) console.log(violation);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
