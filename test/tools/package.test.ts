import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readImports } from '../../tools/readImports.mjs';

const root = path.join(import.meta.dirname, '../..');
const readText = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');

interface PackageJson {
  readonly version: string;
  readonly bin: Record<string, string>;
  readonly exports: Record<string, string | Record<string, unknown>>;
  readonly files: readonly string[];
  readonly sideEffects: readonly string[];
  readonly scripts: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const packageJson = JSON.parse(readText('package.json')) as PackageJson;
const dependencies = {
  ...packageJson.dependencies,
  ...packageJson.devDependencies,
  ...packageJson.optionalDependencies,
};

const sources = (fs.readdirSync(path.join(root, 'src'), { recursive: true }) as string[])
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.join('src', file));

/** Every object of nested export conditions. */
function conditionsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(conditionsIn)];
}

describe('package.json', () => {
  it('pins every dependency to one version', () => {
    const loose = Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
  });

  it('names no dependency that docs/architecture.md does not justify', () => {
    const architecture = readText('docs/architecture.md');
    const named = (name: string) => new RegExp(`(?<![\\w/@-])${name}(?![\\w/-])`).test(architecture);
    expect(Object.keys(dependencies).filter((name) => !named(name))).toEqual([]);
  });

  it('offers the browser its own entry before the one for Node, and types before code', () => {
    expect(Object.keys(packageJson.exports['.'] as object)).toEqual(['browser', 'types', 'default']);
    for (const conditions of conditionsIn(packageJson.exports)) {
      const order = Object.keys(conditions);
      if (order.includes('default')) expect(order.at(-1)).toBe('default');
      if (order.includes('types')) expect(order.at(-2)).toBe('types');
    }
  });

  it('publishes every file that it points to', () => {
    const points = [
      ...Object.values(packageJson.bin),
      ...conditionsIn(packageJson.exports).flatMap((conditions) => Object.values(conditions)),
      // npm runs this one on the machine of whoever installs the package.
      ...(packageJson.scripts.postinstall?.match(/[\w./-]+\.m?js/g) ?? []),
    ].filter((file) => typeof file === 'string');
    const published = (file: string) =>
      ['package.json', ...packageJson.files].some((entry) => file === entry || file.startsWith(`${entry}/`));
    expect(points.map((file) => file.replace(/^\.\//, '')).filter((file) => !published(file))).toEqual([]);
  });

  it('names every worker among the files that a bundler must not take for idle', () => {
    const { sideEffects } = packageJson;
    const workers = sources.filter((file) => /(\/w|W)orker\.ts$/.test(file) && !file.endsWith('startWorker.ts'));
    const built = workers.map((file) => file.replace(/^src/, './dist').replace(/\.ts$/, '.js'));
    expect(built.length).toBeGreaterThan(1);
    expect(built.filter((file) => !sideEffects.includes(file))).toEqual([]);
  });

  it('has the version of deno.json', () => {
    expect(JSON.parse(readText('deno.json')).version).toBe(packageJson.version);
  });
});

describe('package-lock.json', () => {
  it('holds every optional package of its packages, without which npm ci refuses it', () => {
    const { packages } = JSON.parse(readText('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    // Where Node would look for a package needed in `folder`: beside it or in any folder above.
    const isHeld = (name: string, folder: string): boolean =>
      path.posix.join(folder, 'node_modules', name) in packages ||
      (folder !== '' && isHeld(name, folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))));
    const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !isHeld(name, folder)),
    );
    expect(missing).toEqual([]);
  });
});

describe('README.md', () => {
  it.each(['npm ci && npm test', 'npm ci && npm start'])('names the command %s', (command) => {
    expect(readText('README.md')).toContain(command);
  });
});

describe('the sources', () => {
  it('import files by their real name, so that Deno and Bun run them as they are', () => {
    const wrong = sources.flatMap((file) =>
      readImports(readText(file))
        .filter(({ specifier, kind }) => kind !== 'url' && /^\.{1,2}(\/|$)/.test(specifier))
        .filter(({ specifier }) => {
          const target = path.join(root, path.dirname(file), specifier);
          return !/\.(ts|json)$/.test(specifier) || !fs.existsSync(target);
        })
        .map(({ specifier, line }) => `${file}:${line} ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });
});
