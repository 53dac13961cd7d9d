import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ALLOWED_FOLDERS, findViolations, MOST_LINES } from '../../tools/checkDependencies.mjs';
import { holdsOnlyReExports, readGlobals, readImports } from '../../tools/readImports.mjs';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

/** A project whose src/ holds these files, and what is wrong with it. */
function violationsOf(files: Record<string, string>): string[] {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'rho-rules-'));
  folders.push(root);
  const dependencies = Object.fromEntries(
    ['pure-rand', 'commander', 'onnxruntime-node', 'bullmq', 'ioredis', 'zod', '@bufbuild/protobuf'].map((name) => [
      name,
      '1',
    ]),
  );
  const optionalDependencies = { '@tensorflow/tfjs-node-gpu': '1' };
  fs.writeFileSync(path.join(root, 'package.json'), JSON.stringify({ dependencies, optionalDependencies }));
  for (const [file, source] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, 'src', file)), { recursive: true });
    fs.writeFileSync(path.join(root, 'src', file), source);
  }
  return findViolations(root);
}

describe('the dependency rules', () => {
  it('hold in this project', () => {
    expect(findViolations(path.join(import.meta.dirname, '../..'))).toEqual([]);
  });

  it('form no circle', () => {
    const reached = (from: string, seen: Set<string>): Set<string> => {
      for (const to of ALLOWED_FOLDERS[from]!) if (!seen.has(to)) reached(to, seen.add(to));
      return seen;
    };
    for (const folder of Object.keys(ALLOWED_FOLDERS)) expect(reached(folder, new Set()), folder).not.toContain(folder);
  });

  it('let every permitted import pass', () => {
    expect(
      violationsOf({
        'core/random.ts': "import { uniformInt } from 'pure-rand/distribution/uniformInt';",
        'core/loss.ts': "import { random } from './random.ts';",
        'onnx/model.ts': "import { create } from '@bufbuild/protobuf';\nimport '../core/loss.ts';",
        'onnx/ops/relu.ts': "import type * as tf from '@tensorflow/tfjs-node-gpu';",
        'engine/ort/pool.ts': 'export const worker = new URL(`./worker$' + '{ending}`, import.meta.url);',
        'engine/ort/worker.ts': "import { InferenceSession } from 'onnxruntime-node';",
        'engine/tfjs/load.ts': "export const tf = await import('@tensorflow/tfjs-node-gpu');",
        'runtime/files.ts': "import fs from 'node:fs';\nexport const cwd = process.cwd();",
        'jobs/sample.ts': "export const sample = new URL('../../data/', import.meta.url);",
        'commands/run.ts': "import { Command } from 'commander';\nimport version from '../../package.json';",
        'queue/redis.ts': "import { Queue } from 'bullmq';",
        'web/page.ts': "import { train } from '../jobs/train.ts';\ndocument.body.append(train);",
        'index.ts': "// All of it.\nexport * from './core/loss.ts';\nexport type { A } from './jobs/sample.ts';\n",
        'browser.ts': "export * from './common.ts';\nexport { start } from './web/jobs.ts';",
        'runtime/web/host.ts': 'export const cores = navigator.hardwareConcurrency;',
      }),
    ).toEqual([]);
  });

  it.each([
    ['core/loss.ts', "import { y } from '../data/y.ts';", 'core may import no other folder'],
    ['core/loss.ts', "import { xoroshiro } from 'pure-rand';", 'only core/random.ts may'],
    ['core/loss.ts', "import { z } from 'zod';", 'core imports no package'],
    ['data/idx.ts', "export { y } from '../store/y.ts';", 'data may import core, runtime'],
    ['data/idx.ts', "import type { Y } from '../loop/y.ts';", 'data may import core, runtime'],
    ['onnx/graph.ts', "const y = await import('../engine/y.ts');", 'onnx may import core'],
    ['store/loss.ts', "new Worker(new URL('../engine/worker.js', import.meta.url));", 'store may import'],
    ['store/loss.ts', 'const at = new URL(`../engine/w$' + '{end}`, import.meta.url);', 'store may import'],
    ['loop/loop.ts', "import { InferenceSession } from 'onnxruntime-node';", 'only engine/ort/ may'],
    ['engine/pool.ts', "const ort = await import('onnxruntime-node');", 'only engine/ort/ may'],
    ['engine/ort/a.ts', "import '@tensorflow/tfjs-node-gpu';", 'only engine/tfjs/ may'],
    ['onnx/ops/relu.ts', "import * as tf from '@tensorflow/tfjs-node-gpu';", 'only engine/tfjs/ may'],
    ['jobs/score.ts', "import { Queue } from 'bullmq';", 'only queue/ may'],
    ['jobs/score.ts', "import Redis from 'ioredis';", 'only queue/ may'],
    ['jobs/run.ts', "import { Command } from 'commander';", 'only commands/ and cli.ts may'],
    ['jobs/run.ts', "import { run } from '../commands/run.ts';", 'jobs may import'],
    ['jobs/run.ts', "import fs from 'node:fs';", 'only runtime/ may'],
    ['cli.ts', "import { parseArgs } from 'node:util';", 'only runtime/ may'],
    ['report/html.ts', "import { chart } from 'some-charts/deep/file.js';", 'no dependency in package.json'],
    ['report/html.ts', 'const wide = process.stdout.columns;', 'touches the global "process"'],
    ['report/html.ts', "if (typeof Deno !== 'undefined') stop();", 'touches the global "Deno"'],
    ['report/html.ts', 'const page = globalThis.document;', 'touches the global "document"'],
    ['loop/loop.ts', 'window.setTimeout(step);', 'touches the global "window"'],
    ['runtime/files.ts', 'const one = document.title;', 'touches the global "document"'],
    ['data/idx.ts', 'const cores = navigator.hardwareConcurrency;', 'touches the global "navigator"'],
    ['runtime/web/files.ts', "import fs from 'node:fs';", 'which browsers lack'],
    ['engine/ort/web/a.ts', 'const { pid } = process;\nprocess.exit();', 'which browsers lack'],
    ['index.ts', "export * from './core/a.ts';\nexport const version = 1;", 'holds more than "export … from …"'],
    ['browser.ts', "import './core/a.ts';", 'holds more than "export … from …"'],
    ['common.ts', "export * from './web/jobs.ts';", 'common.ts may import'],
    ['web/page.ts', "import { start } from '../browser.ts';", 'web may import'],
    ['helpers/a.ts', 'export {};', 'lies in no folder'],
  ])('refuse in %s: %s', (file, source, expected) => {
    const violations = violationsOf({ [file]: source });
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(`src/${file}:`);
    expect(violations[0]).toContain(expected);
  });

  it('refuse a long file', () => {
    expect(violationsOf({ 'core/long.ts': 'export {};\n'.repeat(MOST_LINES) })).toEqual([]);
    expect(violationsOf({ 'core/long.ts': 'export {};\n'.repeat(MOST_LINES + 1) })).toEqual([
      'src/core/long.ts:1 has 401 lines, at most 400 are kept',
    ]);
  });

  it('let a generated file be long', () => {
    expect(violationsOf({ 'onnx/proto/onnx_pb.ts': `// @generated\n${'export {};\n'.repeat(500)}` })).toEqual([]);
  });
});

describe('readImports', () => {
  it('reads every form with its line', () => {
    const source = [
      "import a, { type B } from './a.ts';",
      "import type { C } from './c.ts';",
      "import './d.ts'; export * as e from './e.ts';",
      'export type {\n  F,\n} from "./f.ts";',
      "const g = /['\"]/.test(x) ? await import('./g.ts') : require('h');",
      "type I = typeof import('i'); const j = import.meta.resolve('./j.ts');",
      'const k = `$' + "{await import('./k.ts')}`;",
    ].join('\n');
    expect(readImports(source).map(({ specifier, kind, line }) => `${line} ${kind} ${specifier}`)).toEqual([
      '1 value ./a.ts',
      '2 type ./c.ts',
      '3 value ./d.ts',
      '3 value ./e.ts',
      '6 type ./f.ts',
      '7 value ./g.ts',
      '7 value h',
      '8 type i',
      '8 value ./j.ts',
      '9 value ./k.ts',
    ]);
  });

  it('passes over comments, texts, regular expressions and properties', () => {
    const source = [
      "// import './a.ts'",
      "/* import './b.ts'\n */",
      'const c = "import \'./c.ts\'"; const d = `import("./d.ts") \\` import("./e.ts")`;',
      "const f = /import('f')/; map.import('g'); const half = total / 2; log('export * from', './h.ts');",
      'export const from = 1;',
    ].join('\n');
    expect(readImports(source)).toEqual([]);
  });
});

describe('readGlobals', () => {
  it('tells the global from a name that only looks like it', () => {
    expect(
      readGlobals('const { window } = options; row.window.at(0); type A = { process?: 1; Deno: 2 };', [
        'window',
        'process',
        'Deno',
      ]),
    ).toEqual([]);
    expect(readGlobals('a;\nwindow?.close()', ['window'])).toEqual([{ name: 'window', line: 2 }]);
  });
});

describe('holdsOnlyReExports', () => {
  it('accepts an empty file and refuses a statement', () => {
    expect(holdsOnlyReExports('/** Nothing yet. */')).toBe(true);
    expect(holdsOnlyReExports("export { a } from './a.ts'\nexport * from './b.ts';")).toBe(true);
    expect(holdsOnlyReExports("export { a } from './a.ts'; run();")).toBe(false);
  });
});
