import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  exists,
  isFolder,
  joinPath,
  listFolder,
  makeFolder,
  openAppend,
  openForReading,
  readBytes,
  readText,
  removePath,
  writeFileAtomic,
  writeFolderAtomic,
} from '../../src/runtime/files.ts';

let root: string;
const at = (...names: string[]): string => joinPath(root, ...names);

beforeEach(async () => {
  root = await mkdtemp(joinPath(tmpdir(), 'rho-files-'));
});
afterEach(() => rm(root, { recursive: true }));

test('a file written is a file read, and leaves nothing beside it', async () => {
  await writeFileAtomic(at('text'), 'Zürich');
  await writeFileAtomic(at('bytes'), Uint8Array.of(0, 255));
  await writeFileAtomic(at('bytes'), Uint8Array.of(1, 2, 3));
  expect(await readText(at('text'))).toBe('Zürich');
  expect(await readBytes(at('bytes'))).toEqual(Uint8Array.of(1, 2, 3));
  expect(await listFolder(root)).toEqual(['bytes', 'text']);
});

test('a file of pieces is one file, and none where a piece fails', async () => {
  await writeFileAtomic(at('pieces'), ['Zü', '', 'rich']);
  expect(await readText(at('pieces'))).toBe('Zürich');
  const failing = function* (): Generator<string> {
    yield 'half';
    throw new Error('no more');
  };
  await expect(writeFileAtomic(at('pieces'), failing())).rejects.toThrow('no more');
  expect(await readText(at('pieces'))).toBe('Zürich');
  expect(await listFolder(root)).toEqual(['pieces']);
});

test('bytes read are a plain Uint8Array, whose slice copies', async () => {
  await writeFileAtomic(at('a'), 'abc');
  const bytes = await readBytes(at('a'));
  expect(bytes.constructor).toBe(Uint8Array);
  bytes.slice().fill(0);
  expect(bytes[0]).toBe(97);
});

test('a file that cannot take its place leaves what was there and no temporary', async () => {
  await mkdir(at('taken'));
  await expect(writeFileAtomic(at('taken'), 'x')).rejects.toMatchObject({
    kind: 'data',
    message: `Cannot write "${at('taken')}": it is a folder`,
  });
  expect(await listFolder(root)).toEqual(['taken']);
});

test('a folder appears once it is filled', async () => {
  await writeFolderAtomic(at('deep', 'store'), async (temporary) => {
    await makeFolder(joinPath(temporary, 'parts'));
    await writeFile(joinPath(temporary, 'parts', '0'), 'part');
    expect(await exists(at('deep', 'store'))).toBe(false);
  });
  expect(await readText(at('deep', 'store', 'parts', '0'))).toBe('part');
  expect(await listFolder(at('deep'))).toEqual(['store']);
});

test('a folder replaces the one before it, with or without a slash at the end', async () => {
  for (const name of ['old', 'new'])
    await writeFolderAtomic(`${at('store')}/`, (temporary) => writeFile(joinPath(temporary, name), name));
  expect(await listFolder(at('store'))).toEqual(['new']);
  expect(await listFolder(root)).toEqual(['store']);
});

test('a folder that cannot be filled leaves the old one, and its error as it was', async () => {
  await writeFolderAtomic(at('store'), (temporary) => writeFile(joinPath(temporary, 'old'), ''));
  const failure = new Error('the scorer stopped');
  const filling = writeFolderAtomic(at('store'), async (temporary) => {
    await writeFile(joinPath(temporary, 'new'), '');
    throw failure;
  });
  await expect(filling).rejects.toBe(failure);
  expect(await listFolder(at('store'))).toEqual(['old']);
  expect(await listFolder(root)).toEqual(['store']);
});

test('events are appended, measured and cut back', async () => {
  const file = await openAppend(at('events.jsonl'));
  await file.write('{"ü":1}\n');
  expect(await file.size()).toBe(9);
  await file.write('half a li');
  await file.truncate(9);
  await file.write('{}\n');
  await file.sync();
  await file.close();
  const again = await openAppend(at('events.jsonl'));
  expect(await again.size()).toBe(12);
  await again.write('end');
  await again.close();
  expect(await readFile(at('events.jsonl'), 'utf8')).toBe('{"ü":1}\n{}\nend');
});

test('names are listed in order of their code units', async () => {
  for (const name of ['b', 'a10', 'B', 'a9']) await writeFile(at(name), '');
  expect(await listFolder(root)).toEqual(['B', 'a10', 'a9', 'b']);
});

test('what is there is told from what is not', async () => {
  await writeFile(at('file'), '');
  expect(await Promise.all([at('file'), root, at('none'), at('file', 'x')].map(exists))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(await Promise.all([at('file'), root, at('none')].map(isFolder))).toEqual([false, true, false]);
});

test('removing takes files, folders and nothing at all', async () => {
  await mkdir(at('folder', 'in'), { recursive: true });
  await writeFile(at('file'), '');
  for (const name of ['folder', 'file', 'none']) await removePath(at(name));
  expect(await listFolder(root)).toEqual([]);
});

test('errors of the file system are one sentence', async () => {
  await writeFile(at('file'), '');
  const cases: [() => Promise<unknown>, string][] = [
    [() => readBytes(at('none')), `Cannot read "${at('none')}": no such file`],
    [() => readText(root), `Cannot read "${root}": it is a folder`],
    [() => listFolder(at('none')), `Cannot list "${at('none')}": no such folder`],
    [() => listFolder(at('file')), `Cannot list "${at('file')}": part of the path is not a folder`],
    [() => writeFileAtomic(at('none', 'x'), ''), `Cannot write "${at('none', 'x')}": no such folder`],
    [() => makeFolder(at('file', 'x')), `Cannot write "${at('file', 'x')}": part of the path is not a folder`],
    [() => openAppend(root), `Cannot write "${root}": it is a folder`],
  ];
  for (const [run, message] of cases) await expect(run()).rejects.toMatchObject({ kind: 'data', message });
});

test('parts of a file are read from where they are asked for', async () => {
  await writeFileAtomic(
    at('a'),
    Uint8Array.from({ length: 300 }, (_, i) => i % 256),
  );
  const file = await openForReading(at('a'));
  const into = new Uint8Array(5);
  await Promise.all([file.read(10, into.subarray(0, 2)), file.read(254, into.subarray(2))]);
  expect([file.size, ...into]).toEqual([300, 10, 11, 254, 255, 0]);
  await expect(file.read(298, into)).rejects.toThrow(
    `Cannot read "${at('a')}": it ends after 300 bytes, expected 303; fetch the file again`,
  );
  await file.close();
  await expect(openForReading(at('none'))).rejects.toThrow(`Cannot read "${at('none')}": no such file`);
});
