import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin, type UserConfig } from 'vite';
import { styleSheet } from './src/report/style.ts';

// Builds the page of src/web into dist/page: static files that work under any path, and ask no other host for anything.

const root = import.meta.dirname;

/** What a browser runs in place of what: the table "browser" of package.json, which names built files, for their sources. */
function browserFiles(): ReadonlyMap<string, string> {
  const { browser } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly browser: Readonly<Record<string, string>>;
  };
  const source = (built: string) => join(root, built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
  return new Map(Object.entries(browser).map(([file, substitute]) => [source(file), source(substitute)]));
}

const substitutes: Plugin = {
  name: 'rho-loss:browser',
  enforce: 'pre',
  async resolveId(specifier, importer, options) {
    if (importer === undefined || !specifier.startsWith('.')) return null;
    const found = await this.resolve(specifier, importer, { ...options, skipSelf: true });
    const substitute = found === null ? undefined : browserFiles().get(found.id);
    return substitute ?? found;
  },
};

/** The style sheet of the reports, whose family the page is of. */
const style: Plugin = {
  name: 'rho-loss:style',
  transformIndexHtml: () => [{ tag: 'style', children: styleSheet, injectTo: 'head-prepend' }],
};

/** The sample, as it lies in the package. */
const sample: Plugin = {
  name: 'rho-loss:sample',
  generateBundle() {
    for (const folder of ['data/mnist-sample', 'models/mnist-sample-il'])
      for (const file of readdirSync(join(root, folder)))
        this.emitFile({
          type: 'asset',
          fileName: `sample/${folder}/${file}`,
          source: readFileSync(join(root, folder, file)),
        });
  },
};

const config: UserConfig = defineConfig({
  root: join(root, 'src/web'),
  base: './',
  publicDir: false,
  plugins: [substitutes, style, sample],
  // Builds of onnxruntime-web that leave the loader of its WebAssembly in a file of its own, from which its threads start too.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'] },
  worker: { format: 'es', plugins: () => [substitutes] },
  build: { outDir: join(root, 'dist/page'), emptyOutDir: true, target: 'es2023', assetsInlineLimit: 0 },
});

export default config;
