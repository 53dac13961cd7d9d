import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { unzipped } from '../../src/web/choose/zipFiles.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const dropped = (path: string, bytes: Uint8Array) => ({
  path,
  file: new File([bytes as Uint8Array<ArrayBuffer>], path, { lastModified: 7 }),
});
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

async function contents(path: string, bytes: Uint8Array): Promise<Record<string, string>> {
  const files = await unzipped([dropped(path, bytes)], () => undefined);
  return Object.fromEntries(await Promise.all(files.map(async ({ path, file }) => [path, await file.text()])));
}

/** Written by Python's zipfile, whose limit of 32 bits was lowered: sizes, places and counts stand in records of 64. */
const of64Bits = fromBase64(
  'UEsDBC0AAAAIAAAAIQDz4csw//////////8FABQAYS50eHQBABAAVAAAAAAAAAAhAAAAAAAAAEtUKC5JzEspVsjMUyjOrCip1E3LLy1SSMosKVZIJFMOAFBLAwQtAAAAAAAAACEA/DOu+v//////////BQAUAGIudHh0AQAQAFQAAAAAAAAAVAAAAAAAAABiIHN0YW5kcyBpbiBzaXh0eS1mb3VyIGJpdHMgYiBzdGFuZHMgaW4gc2l4dHktZm91ciBiaXRzIGIgc3RhbmRzIGluIHNpeHR5LWZvdXIgYml0cyBQSwECLQMtAAAACAAAACEA8+HLMP//////////BQAUAAAAAAAAAAAAgAEAAAAAYS50eHQBABAAVAAAAAAAAAAhAAAAAAAAAFBLAQItAy0AAAAAAAAAIQD8M676//////////8FABwAAAAAAAAAAACAAf////9iLnR4dAEAGABUAAAAAAAAAFQAAAAAAAAAWAAAAAAAAABQSwYGLAAAAAAAAAAtAC0AAAAAAAAAAAACAAAAAAAAAAIAAAAAAAAAlgAAAAAAAADjAAAAAAAAAFBLBgcAAAAAeQEAAAAAAAABAAAAUEsFBgAAAAACAAIAlgAAAOMAAAAAAA==',
);
/** Written by it to a pipe: headers do not say sizes, which come behind the bytes. */
const streamed = fromBase64(
  'UEsDBBQACAAIAAAAIQAAAAAAAAAAAAAAAAAOAAAAc3RyZWFtZWQvYS50eHRLVChPLFYoL8osKUnNUyjJV0hUKMgsSAUAUEsHCF1OVuAZAAAAFwAAAFBLAwQUAAgAAAAAACEAAAAAAAAAAAAAAAAADgAAAHN0cmVhbWVkL2IudHh0YiB3YXMgd3JpdHRlbiB0byBhIHBpcGVQSwcIYHezlhcAAAAXAAAAUEsBAhQDFAAIAAgAAAAhAF1OVuAZAAAAFwAAAA4AAAAAAAAAAAAAAIABAAAAAHN0cmVhbWVkL2EudHh0UEsBAhQDFAAIAAAAAAAhAGB3s5YXAAAAFwAAAA4AAAAAAAAAAAAAAIABVQAAAHN0cmVhbWVkL2IudHh0UEsFBgAAAAACAAIAeAAAAKgAAAAAAA==',
);

test('the files of a .zip come in its place, in order, packed or stored, without what systems put beside them', async () => {
  const bytes = zipSync({
    'run/b/events.jsonl': encode('{}\n'.repeat(1000)),
    'run/a.json': [encode('[1]'), { level: 0 }],
    '__MACOSX/run/._a.json': encode('x'),
    'run/.DS_Store': encode('x'),
  });
  const other = dropped('model.onnx', encode('model'));
  const files = await unzipped([other, dropped('given.zip', bytes)], () => undefined);
  expect(files.map(({ path }) => path)).toEqual(['model.onnx', 'run/a.json', 'run/b/events.jsonl']);
  expect(files[0]).toBe(other);
  expect(await files[1]!.file.text()).toBe('[1]');
  expect(await files[2]!.file.text()).toBe('{}\n'.repeat(1000));
  // What the page knows files by over a reload.
  expect(files[1]!.file.lastModified).toBe(7);
});

test('files without a folder around all of them get one of the name of the archive', async () => {
  expect(await contents('down/store.zip', zipSync({ 'manifest.json': encode('m'), 'x/y': encode('y') }))).toEqual({
    'store/manifest.json': 'm',
    'store/x/y': 'y',
  });
});

test('records of 64 bits are read', async () => {
  expect(await contents('big.zip', of64Bits)).toEqual({
    'big/a.txt': 'a stands in sixty-four bits '.repeat(3),
    'big/b.txt': 'b stands in sixty-four bits '.repeat(3),
  });
});

test('an archive that was written to a pipe is read', async () => {
  expect(await contents('s.zip', streamed)).toEqual({
    'streamed/a.txt': 'a was written to a pipe',
    'streamed/b.txt': 'b was written to a pipe',
  });
});

const changed = (at: number, value: number) => {
  const bytes = zipSync({ 'a/b.txt': encode('some words '.repeat(9)) });
  const directory = Buffer.from(bytes).indexOf('PK\x01\x02');
  bytes[directory + at] = value;
  return bytes;
};

test.each([
  ['of other bytes', encode('no archive at all'), 'it has no directory at its end, as one that was not copied whole'],
  ['that was cut off', zipSync({ a: encode('a') }).subarray(0, 60), 'it has no directory at its end'],
  ['that is encrypted', changed(8, 1), '"a/b.txt" in it is encrypted'],
  ['packed in another way', changed(10, 14), '"a/b.txt" in it is packed by method 14, expected deflate or none'],
  ['whose bytes are damaged', changed(24, 1), '"a/b.txt" in it is damaged'],
  ['whose places are wrong', changed(42, 9), '"a/b.txt" is not where its directory says'],
])('an archive %s is a sentence', async (_, bytes, reason) => {
  await expect(contents('x.zip', bytes)).rejects.toThrow(`Cannot unpack "x.zip": ${reason}`);
});
