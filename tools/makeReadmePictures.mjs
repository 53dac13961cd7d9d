// Pictures for the docs out of a report: node tools/makeReadmePictures.mjs runs/FOLDER/report.html NAME
// Needs a Chromium (CHROMIUM, or Debian's /usr/bin/chromium).
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [report, name] = process.argv.slice(2);
if (!report || !name) throw new Error('Usage: node tools/makeReadmePictures.mjs REPORT.html NAME');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
for (const colorScheme of ['light', 'dark']) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 }, deviceScaleFactor: 2, colorScheme });
  await page.goto(pathToFileURL(report).href);
  const section = page.locator('section', { has: page.locator('h2', { hasText: 'Test accuracy' }) });
  // The numbers below the charts belong to the report alone.
  await section.locator('details').evaluateAll((all) => {
    for (const element of all) element.remove();
  });
  await section.evaluate((element) => {
    element.style.padding = '24px';
  });
  await section.screenshot({ path: `docs/images/${name}-${colorScheme}.png` });
}
await browser.close();
