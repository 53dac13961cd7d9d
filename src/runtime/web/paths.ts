/** The names along a path from the root, where every path of a browser begins: `.` and `..` are resolved. */
export function namesOf(path: string): readonly string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}

/** Joins parts of a path as Node does. */
export function joinPath(...parts: readonly string[]): string {
  const joined = parts.filter((part) => part !== '').join('/');
  const path = namesOf(joined).join('/');
  return joined.startsWith('/') ? `/${path}` : path === '' ? '.' : path;
}
