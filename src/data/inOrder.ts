/** What `work` gives for 0 … `count` - 1, in this order, while up to `ahead` of them are under way. */
export async function* inOrder<T>(
  count: number,
  ahead: number,
  work: (index: number) => Promise<T>,
): AsyncGenerator<T> {
  const queue: Promise<T>[] = [];
  for (let next = 0; next < count || queue.length > 0; ) {
    while (queue.length < ahead && next < count) {
      const result = work(next++);
      // A failure is reported when its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined);
      queue.push(result);
    }
    yield await queue.shift()!;
  }
}
