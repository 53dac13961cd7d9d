import type { Page } from 'playwright-core';

/** Times that a page was blocked by one task of more than 50 ms, in milliseconds, while something was done. */
export async function longTasks(page: Page, work: () => Promise<unknown>): Promise<readonly number[]> {
  await page.evaluate(() => {
    const long: number[] = [];
    let given = 0;
    // What the browser does with the files before the page hears of them is none of the page's.
    const hear = () => {
      given = performance.now();
    };
    addEventListener('change', hear, { capture: true });
    const observer = new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        if (startTime + duration > given + 50) long.push(duration);
    });
    observer.observe({ type: 'longtask' });
    Object.assign(globalThis, { long, observer });
  });
  await work();
  return page.evaluate(() => {
    const { long, observer } = globalThis as unknown as { long: number[]; observer: PerformanceObserver };
    observer.disconnect();
    return long;
  });
}

/**
 * The longest task of each of three times, of which the middle one counts: what the page itself does blocks it each time, other programs on the
 * machine do not.
 */
export async function usualLongest(page: Page, work: () => Promise<unknown>): Promise<number> {
  const longest: number[] = [];
  for (let time = 0; time < 3; time++) longest.push(Math.max(0, ...(await longTasks(page, work))));
  return longest.sort((a, b) => a - b)[1]!;
}
