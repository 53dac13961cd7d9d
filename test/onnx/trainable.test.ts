import { describe, expect, test } from 'vitest';
import { float32, int64 } from '../../src/core/tensor.ts';
import { adamwDefaults } from '../../src/onnx/adamw.ts';
import { findClassifier } from '../../src/onnx/classifier.ts';
import { describeWeights, trainableParameters } from '../../src/onnx/trainable.ts';
import { trainStep } from '../../src/onnx/trainStep.ts';
import { fedWith, linear, modelOf, uniform } from './models.ts';

/** Batch norm between two layers, a scale that is one number, a table that picks columns, and a weight nobody uses. */
const model = modelOf(3, (b) => {
  b.weight('spare', uniform(9, [2]));
  const first = linear(b, 'x', 'block.0.fc', uniform(1, [4, 3]), uniform(2, [4]));
  const statistics = ['weight', 'bias', 'running_mean', 'running_var'].map((name) =>
    b.weight(`block.0.norm.${name}`, float32([1, 1, 1, 1])),
  );
  const normal = b.node('BatchNormalization', [first, ...statistics]);
  const scaled = b.node('Mul', [normal, b.weight('scale', float32([2], []))]);
  const picked = b.node('Gather', [scaled, b.weight('columns', int64([0, 2]))], { axis: { kind: 'int', value: 1 } });
  return linear(b, picked, 'fc.', uniform(3, [2, 2]), uniform(4, [2]));
});
const classifier = findClassifier(model, 'model.onnx');

test('every initialiser is trained or has a reason why not', () => {
  expect(describeWeights(classifier).map(({ name, dims, frozen }) => [name, dims, frozen])).toEqual([
    ['spare', [2], 'not on the way to the logits'],
    ['block.0.fc.weight', [4, 3], null],
    ['block.0.fc.bias', [4], null],
    ['block.0.norm.weight', [4], null],
    ['block.0.norm.bias', [4], null],
    ['block.0.norm.running_mean', [4], 'a running average'],
    ['block.0.norm.running_var', [4], 'a running average'],
    ['scale', [], 'a single number'],
    ['columns', [2], 'not float32'],
    ['fc..weight', [2, 2], null],
    ['fc..bias', [2], null],
  ]);
});

describe('--freeze', () => {
  test.each<[string[], string[]]>([
    [['block.*'], ['fc..weight', 'fc..bias']],
    [['*.bias'], ['block.0.fc.weight', 'block.0.norm.weight', 'fc..weight']],
    [
      ['*norm*', 'fc..weight'],
      ['block.0.fc.weight', 'block.0.fc.bias', 'fc..bias'],
    ],
    [
      [],
      ['block.0.fc.weight', 'block.0.fc.bias', 'block.0.norm.weight', 'block.0.norm.bias', 'fc..weight', 'fc..bias'],
    ],
  ])('%j leaves %j to be trained', (freeze, left) => {
    expect(trainableParameters(classifier, freeze)).toEqual(left);
  });

  // A dot is a dot, a running average is not trained anyway, and names are fitted whole.
  test.each(['block_0*', 'fc', '*running_mean', 'spare', 'fc.+weight', ''])('"%s" fits nothing', (pattern) => {
    expect(() => trainableParameters(classifier, ['*.bias', pattern])).toThrow(
      expect.objectContaining({
        kind: 'usage',
        message: `Cannot freeze "${pattern}": no trainable weight is called so, expected names among block.0.fc.weight, block.0.fc.bias, block.0.norm.weight, block.0.norm.bias, fc..weight, fc..bias, with * for any text`,
      }),
    );
  });

  test('makes weights of a train step constants, whose running averages move on', () => {
    const options = { ...fedWith(3), smallBatch: 4, optimizer: adamwDefaults, freeze: ['block.*'] };
    const { parameters, averages, graph } = trainStep(model, options);
    expect(parameters.map(({ name }) => name)).toEqual(['fc..weight', 'fc..bias']);
    expect(averages.map(({ name }) => name)).toEqual(['block.0.norm.running_mean', 'block.0.norm.running_var']);
    expect(graph.weights.get('block.0.fc.weight')).toEqual(model.weights.get('block.0.fc.weight'));
    expect(graph.inputs.map(({ name }) => name)).not.toContain('block.0.fc.weight');
  });

  test('of all weights leaves nothing to train', () => {
    const options = { ...fedWith(3), smallBatch: 4, optimizer: adamwDefaults, freeze: ['*'] };
    expect(() => trainStep(model, options)).toThrow(/^Cannot freeze \*: nothing would be left to train/);
  });
});
