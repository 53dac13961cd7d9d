/** The names among `names` that `name` is likeliest meant to be, best first: at most `most` of them. */
export function closest(name: string, names: readonly string[], most: number = 5): readonly string[] {
  const wanted = name.toLowerCase();
  const distance = (other: string) => {
    const found = other.toLowerCase();
    const holds = found.includes(wanted) || wanted.includes(found);
    return editDistance(wanted, found) - (holds ? farther : 0);
  };
  return [...new Set(names)]
    .map((other) => ({ other, far: distance(other) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, most)
    .map(({ other }) => other);
}

/** More than names differ by. */
const farther = 1e6;

/** How many letters have to be put in, left out or changed to make `b` of `a` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
