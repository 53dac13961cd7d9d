import { expect } from 'vitest';

/** Throws unless every element is closed in the right order. */
export function assertNested(html: string): void {
  const open: string[] = [];
  const bare = html.replace(/<style>.*?<\/style>/gs, '');
  for (const [, closing, name, rest] of bare.matchAll(/<(\/?)([a-zA-Z][\w-]*)((?:[^>"]|"[^"]*")*)>/g)) {
    if (['meta', 'img', 'br'].includes(name!) || rest!.endsWith('/')) continue;
    if (!closing) open.push(name!);
    else expect(open.pop(), `before </${name}>`).toBe(name);
  }
  expect(open).toEqual([]);
}
