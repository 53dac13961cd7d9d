import { environmentError } from '../../../core/errors.ts';
import type { Trainer } from '../../engine.ts';

/** TensorFlow.js is no part of the page: ONNX Runtime trains there. */
export function openTrainer(): Promise<Trainer> {
  return Promise.reject(environmentError('Cannot train with TensorFlow.js in a browser: take the engine onnx'));
}
