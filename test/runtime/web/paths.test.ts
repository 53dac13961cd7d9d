import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { browserName } from '../../../src/runtime/web/host.ts';
import { findMounted, mountFile, unmount } from '../../../src/runtime/web/mounts.ts';
import { joinPath, namesOf } from '../../../src/runtime/web/paths.ts';

const part = fc.array(fc.constantFrom('a', 'b.c', '.', '..', ''), { maxLength: 4 }).map((names) => names.join('/'));

test('paths from the root are joined as Node does, but for a slash at the end, which tells nothing', () => {
  fc.assert(
    fc.property(part, fc.array(part, { maxLength: 3 }), (first, rest) => {
      const joined = posix.join('/', first, ...rest);
      expect(joinPath(`/${first}`, ...rest)).toBe(joined === '/' ? '/' : joined.replace(/\/$/, ''));
    }),
  );
});

test('the root is above everything', () => {
  expect(joinPath('/a/il.onnx', '..', 'weights.bin')).toBe('/a/weights.bin');
  expect(joinPath('/', '..', 'a')).toBe('/a');
  expect(namesOf('/a/../../b/./c')).toEqual(['b', 'c']);
});

test('files that were given make up folders, until they are taken away', () => {
  const file = new Blob(['digits']);
  mountFile('/given/data/train', file);
  mountFile('given/data/../model.onnx', file);
  expect(findMounted('/given/data/train')).toBe(file);
  expect(findMounted('/given')).toEqual(new Set(['data', 'model.onnx']));
  expect(findMounted('/')).toEqual(new Set(['given']));
  expect(findMounted('/give')).toBeNull();
  unmount('/given/data');
  expect(findMounted('/given/data')).toBeNull();
  expect(findMounted('/given/model.onnx')).toBe(file);
  unmount('/');
  expect(findMounted('/')).toBeNull();
});

test('a folder is found as soon among many files as among few', () => {
  const file = new Blob([]);
  for (let at = 0; at < 200_000; at++) mountFile(`/photos/${at % 1000}/${at}.jpg`, file);
  const begun = performance.now();
  for (let at = 0; at < 1000; at++) expect(findMounted(`/photos/${at}`)).toHaveProperty('size', 200);
  // Through all files it took 24 s.
  expect(performance.now() - begun).toBeLessThan(2000);
  unmount('/');
});

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36',
    'chrome 156',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0',
    'edge 156',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0', 'firefox 150'],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15',
    'safari 26.1',
  ],
  ['Lynx/2.9', 'browser'],
])('%s is %s', (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name);
});
