// Both let a page share memory between the threads of WebAssembly; the host of the built page has to send them as well.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default {
  server: { headers },
  preview: { headers },
  // Workers that load parts of themselves when they need them.
  worker: { format: 'es' },
  // While developing: workers start from the package's own files, and its dependencies that are no modules are made such.
  optimizeDeps: { exclude: ['rho-loss'], include: ['rho-loss > papaparse', 'rho-loss > jpeg-js'] },
};
