import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32Of, int32Of, readSafetensors, uint8Of } from './readSafetensors.ts';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rho-safetensors-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

function fileOf(header: object, data: number[]): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.from(data)]);
}

describe('readSafetensors', () => {
  it('reads every type of a file written by hand, gzipped or not, wherever its data starts', () => {
    const header = {
      __metadata__: { made: 'by hand' },
      bytes: { dtype: 'U8', shape: [3], data_offsets: [0, 3] },
      floats: { dtype: 'F32', shape: [1, 2], data_offsets: [3, 11] },
      whole: { dtype: 'I32', shape: [], data_offsets: [11, 15] },
      long: { dtype: 'I64', shape: [1], data_offsets: [15, 23] },
    };
    const data = [1, 2, 255, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0xfe, 0xff, 0xff, 0xff, 7, 0, 0, 0, 0, 0, 0, 0];
    const plain = path.join(folder, 'a.safetensors');
    fs.writeFileSync(plain, fileOf(header, data));
    fs.writeFileSync(`${plain}.gz`, gzipSync(fileOf(header, data)));
    for (const file of [plain, `${plain}.gz`]) {
      const arrays = readSafetensors(file);
      expect([...arrays.keys()]).toEqual(['bytes', 'floats', 'whole', 'long']);
      expect(uint8Of(arrays, 'bytes')).toEqual({ dims: [3], data: Uint8Array.of(1, 2, 255) });
      expect(float32Of(arrays, 'floats')).toEqual({ dims: [1, 2], data: Float32Array.of(1, -2) });
      expect(int32Of(arrays, 'whole')).toEqual({ dims: [], data: Int32Array.of(-2) });
      expect(arrays.get('long')!.data).toEqual(BigInt64Array.of(7n));
      expect(() => float32Of(arrays, 'whole')).toThrow('No Float32Array "whole" among bytes, floats, whole, long');
    }
  });

  it('refuses a shape that the data does not fill', () => {
    const file = path.join(folder, 'short.safetensors');
    fs.writeFileSync(file, fileOf({ a: { dtype: 'U8', shape: [2, 2], data_offsets: [0, 3] } }, [1, 2, 3]));
    expect(() => readSafetensors(file)).toThrow('it holds 3 values, its shape has 4');
  });
});

const fixture = (name: string) => readSafetensors(new URL(`fixtures/${name}.safetensors.gz`, import.meta.url));

describe('the fixtures', () => {
  it('of the steps hold means of their own losses and weights that moved by about the learning rate', () => {
    const arrays = fixture('mlp-steps');
    const { data: losses } = float32Of(arrays, 'losses');
    const { data: exampleLosses, dims } = float32Of(arrays, 'exampleLosses');
    expect(dims).toEqual([10, 32]);
    const means = Array.from(losses, (_, step) => {
      const batch = exampleLosses.subarray(32 * step, 32 * step + 32);
      return batch.reduce((sum, loss) => sum + loss, 0) / 32;
    });
    expect(means).toBeAllClose(losses);
    expect(losses[9]).toBeLessThan(losses[0]!);
    expect(uint8Of(arrays, 'images').dims).toEqual([10, 32, 784]);
    const initial = float32Of(arrays, 'initial.fc1.weight');
    expect(initial.dims).toEqual([64, 784]);
    const final = float32Of(arrays, 'final.fc1.weight');
    const moved = Math.max(...initial.data.map((weight, i) => Math.abs(weight - final.data[i]!)));
    expect(moved).toBeGreaterThan(5e-3);
    expect(moved).toBeLessThan(1.1e-2);
  });

  it('of the selection hold the places of the greatest scores, greatest first', () => {
    const arrays = fixture('selection');
    const { data: scores } = float32Of(arrays, 'scores');
    const { data: training } = float32Of(arrays, 'trainingLosses');
    const { data: irreducible } = float32Of(arrays, 'irreducibleLosses');
    expect(training.map((loss, i) => loss - irreducible[i]!)).toEqual(scores);
    const { data: selected } = int32Of(arrays, 'selected');
    for (const batch of [0, 1]) {
      const ofBatch = scores.subarray(320 * batch, 320 * batch + 320);
      const places = Array.from(ofBatch.keys()).sort((a, b) => ofBatch[b]! - ofBatch[a]! || a - b);
      expect([...selected.subarray(32 * batch, 32 * batch + 32)]).toEqual(places.slice(0, 32));
    }
    expect(float32Of(arrays, 'target.fc1.weight')).toEqual(float32Of(fixture('mlp-steps'), 'final.fc1.weight'));
  });

  it('of the activations hold tanh and its gradient', () => {
    const arrays = fixture('ops');
    const [input, upstream, output, gradient] = ['input', 'upstream', 'tanh.output', 'tanh.gradient'].map(
      (name) => float32Of(arrays, name).data,
    );
    expect(output!).toBeAllClose(input!.map(Math.tanh));
    expect(gradient!).toBeAllClose(upstream!.map((above, i) => above * (1 - Math.tanh(input![i]!) ** 2)));
  });
});
