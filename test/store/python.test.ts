import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unscoredTable } from '../../src/store/lossTable.ts';
import { writeLossStore } from '../../src/store/writeStore.ts';
import { description, temporaryFolder } from './example.ts';

const { at } = temporaryFolder();
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'import torch, numpy']).status === 0,
);

/** The program that docs/formats.md shows. */
const documented = /```python\n(import json\n[\s\S]*?)```/.exec(
  readFileSync(join(import.meta.dirname, '../../docs/formats.md'), 'utf8'),
)![1]!;

test.skipIf(python === undefined)(
  'the documented Python program reads the losses by id (skipped: no python3 with torch and numpy)',
  async () => {
    const ids = Uint32Array.from({ length: 3000 }, (_, i) => 3 * i + 1);
    const loss = Float32Array.from(ids, (id) => (id % 7 === 0 ? Number.NaN : id / 3));
    const data = { ...description.data, length: 10_000 };
    await writeLossStore(at('il'), { ...description, data }, { ...unscoredTable(ids, new Int32Array(10_000)), loss });
    const print = 'import sys; sys.stdout.buffer.write(loss.numpy().astype("<f4").tobytes())';
    const { stdout, stderr } = spawnSync(python!, ['-c', `${documented}\n${print}`], { cwd: at() });
    const expected = new Float32Array(10_000).fill(Number.NaN);
    ids.forEach((id, row) => {
      expected[id] = loss[row]!;
    });
    expect(new Float32Array(new Uint8Array(stdout).buffer), String(stderr)).toEqual(expected);
  },
);
