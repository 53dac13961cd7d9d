import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin, type UserConfig } from 'vite';
import { styleSheet } from './src/report/style.ts';

// Builds the page of src/web into dist/page: static files that work under any path, and ask no other host for anything.

const root = import.meta.dirname;

interface Package {
  readonly browser: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const { browser, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package;

/** What a browser runs in place of what: the table "browser" of package.json, which names built files, for their sources. */
const source = (built: string) => join(root, built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
const browserFiles: ReadonlyMap<string, string> = new Map(
  Object.entries(browser).map(([file, substitute]) => [source(file), source(substitute)]),
);

const substitutes: Plugin = {
  name: 'rho-loss:browser',
  enforce: 'pre',
  async resolveId(specifier, importer, options) {
    if (importer === undefined || !specifier.startsWith('.')) return null;
    const found = await this.resolve(specifier, importer, { ...options, skipSelf: true });
    const substitute = found === null ? undefined : browserFiles.get(found.id);
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

/**
 * ONNX Runtime's files lie in a folder of their own, under their own names and that of their version: so `rho serve` finds
 * them where npm has put them, and whoever copies the page knows them. All others are named by their content.
 */
const assetFileNames = ({ names }: { readonly names: readonly string[] }): string =>
  names.some((name) => name.startsWith('ort-wasm'))
    ? `onnxruntime-web-${dependencies['onnxruntime-web']}/[name][extname]`
    : 'assets/[name]-[hash][extname]';

/** Pages that others write import this one by its name. */
const library = 'rho-loss';

const config: UserConfig = defineConfig({
  root: join(root, 'src/web'),
  base: './',
  publicDir: false,
  plugins: [substitutes, style, sample],
  // Builds of onnxruntime-web that leave the loader of its WebAssembly in a file of its own, from which its threads start too.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'] },
  worker: { format: 'es', plugins: () => [substitutes], rolldownOptions: { output: { assetFileNames } } },
  build: {
    outDir: join(root, 'dist/page'),
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: join(root, 'src/web/index.html'), [library]: join(root, 'src/browser.ts') },
      preserveEntrySignatures: 'exports-only',
      output: {
        assetFileNames,
        entryFileNames: ({ name }) => (name === library ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
});

export default config;
