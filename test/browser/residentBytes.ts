import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

/** Bytes that the browser's processes for pages, with all of their workers, have in memory. */
export async function residentBytes(page: Page): Promise<number> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pages = processInfo.filter(({ type }) => type === 'renderer');
  const kilobytes = pages.map(({ id }) =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))![1]),
  );
  return 1024 * kilobytes.reduce((sum, each) => sum + each, 0);
}
