import { expect, test } from 'vitest';
import { runFolderOf } from '../../../src/web/run/section.ts';

const file = new Blob();

test('the run folder is the topmost that holds what only runs have', () => {
  const paths = ['/given/x/run-1/config.json', '/given/x/run-1/rho/events.jsonl', '/given/x/notes.txt'];
  const { folder, given } = runFolderOf(paths.map((path) => ({ path, file })));
  expect(folder).toBe('/opened/run-1');
  expect(given.map(({ path }) => path)).toEqual(['/opened/run-1/config.json', '/opened/run-1/rho/events.jsonl']);
});

test('files without a folder are a run, too', () => {
  const { folder, given } = runFolderOf([{ path: '/report.json', file }]);
  expect([folder, given.map(({ path }) => path)]).toEqual(['/opened/run', ['/opened/run/report.json']]);
});
