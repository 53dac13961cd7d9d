import { reportedLater } from '../core/reportedLater.ts';

/** What `work` gives for 0 … `count` - 1, in this order, while up to `ahead` of them are under way. */
export async function* inOrder<T>(
  count: number,
  ahead: number,
  work: (index: number) => Promise<T>,
): AsyncGenerator<T> {
  const queue: Promise<T>[] = [];
  for (let next = 0; next < count || queue.length > 0; ) {
    while (queue.length < ahead && next < count) {
      queue.push(reportedLater(work(next++)));
    }
    yield await queue.shift()!;
  }
}
