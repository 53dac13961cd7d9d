/** The version of this package; test/tools/package.test.ts compares both with package.json, which a page does not hold. */
export const rhoLoss = '0.1.0';

/** The version of onnxruntime-web. */
export const onnxruntimeWeb = '1.30.0';
