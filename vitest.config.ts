import { defineConfig, type ViteUserConfig } from 'vitest/config';

// Tests import src/*.ts for its types and run what ships: the same file built into dist/, which Node 20 can also open
// as a worker thread.
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [{ find: /^(?:\.\.\/)+src\/(.*)\.ts$/, replacement: `${import.meta.dirname}/dist/$1.js` }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Node loads it as it does for whoever installed the package, and sooner than Vite would.
    server: { deps: { external: [/\/dist\/.*\.js$/] } },
    maxWorkers: 2,
    setupFiles: ['test/toBeAllClose.ts'],
  },
});

export default config;
