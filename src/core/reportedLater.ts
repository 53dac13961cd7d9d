/** A promise whose failure is told when it is awaited; until then it must not count as unhandled. */
export function reportedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
