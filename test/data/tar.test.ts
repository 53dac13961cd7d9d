import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readTar } from '../../src/data/tar.ts';
import { tarOf } from './tarOf.ts';

const archive = tarOf([
  ['a/one.txt', Buffer.from('first')],
  ['empty', new Uint8Array()],
  ['whole', Buffer.alloc(512, 7)],
]);

test('files come with their names and bytes in the order of the archive', () => {
  const files = readTar(archive, 'x.tar');
  expect(files.map(({ name, data }) => [name, data.length])).toEqual([
    ['a/one.txt', 5],
    ['empty', 0],
    ['whole', 512],
  ]);
  expect(Buffer.from(files[0]!.data).toString()).toBe('first');
  expect(files[2]!.data.every((byte) => byte === 7)).toBe(true);
});

test('what is no regular file does not count', () => {
  const other = tarOf([['folder/', new Uint8Array()]], '5');
  expect(readTar(Buffer.concat([other.subarray(0, 512), archive]), 'x.tar').length).toBe(3);
});

test('an archive by the tar command of this machine is read', async ({ skip }) => {
  const folder = await mkdtemp(join(tmpdir(), 'rho-tar-'));
  try {
    await writeFile(join(folder, 'file.txt'), 'some text');
    const path = join(folder, 'made.tar');
    const made = await promisify(execFile)('tar', ['cf', path, '-C', folder, 'file.txt']).catch(() => null);
    skip(made === null, 'there is no tar command');
    const files = readTar(await readFile(path), path);
    expect(files.map(({ name, data }) => [name, Buffer.from(data).toString()])).toEqual([['file.txt', 'some text']]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each<[string, Uint8Array, string]>([
  ['no bytes', new Uint8Array(), 'it ends within the archive, after 0 bytes'],
  ['an end without a mark', archive.subarray(0, 1024), 'it ends within the archive, after 1024 bytes'],
  ['an end within a header', archive.subarray(0, 1100), 'it ends within the archive, after 1100 bytes'],
  ['an end within a file', archive.subarray(0, 514), 'it ends within "a/one.txt"'],
  ['text', Buffer.alloc(1024, 'not a tar archive '), 'at byte 0 there is no header'],
  ['a changed byte', archive.map((byte, at) => (at === 1024 + 3 ? byte ^ 1 : byte)), 'at byte 1024 there is no header'],
])('%s is refused', (_what, bytes, reason) => {
  expect(() => readTar(bytes, 'x.tar')).toThrow(`Cannot read "x.tar": ${reason}`);
});
