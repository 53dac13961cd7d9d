import { defineConfig, type ViteUserConfig } from 'vitest/config';

// Tests import src/*.ts for its types and run what ships: the same file built into dist/, which Node 20 can also open
// as a worker thread.
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [{ find: /^(?:\.\.\/)+src\/(.*)\.ts$/, replacement: `${import.meta.dirname}/dist/$1.js` }],
  },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Node loads it as it does for whoever installed the package, and sooner than Vite would.
    server: { deps: { external: [/\/dist\/.*\.js$/] } },
    setupFiles: ['test/toBeAllClose.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'rho',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // By themselves: while other tests use the cores, any task of a page is a long one.
        test: { name: 'page', include: ['test/browser/**/*.test.ts'], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});

export default config;
