import { environmentError } from '../../../core/errors.ts';

/** TensorFlow.js is no part of the page: ONNX Runtime trains there. */
export function openTrainer(): Promise<never> {
  return Promise.reject(environmentError('Cannot train with TensorFlow.js in a browser: take the engine onnx'));
}
