/** Milliseconds of work at a time: a page that does not answer for 50 is felt. */
const slice = 12;

/** Does something with each of many, such as files of a folder, and lets the page answer in between. */
export async function inSlices<T>(all: ArrayLike<T>, each: (one: T) => void): Promise<void> {
  let until = performance.now() + slice;
  for (let at = 0; at < all.length; at++) {
    each(all[at]!);
    if (performance.now() < until) continue;
    await pause();
    until = performance.now() + slice;
  }
}

/** Lets the page answer what has happened meanwhile. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
