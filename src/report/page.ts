import { escapeHtml } from './format.ts';
import { styleSheet } from './style.ts';

/** What a page begins with, and its sections in their order. */
export interface Page {
  readonly title: string;
  /** The finding, in a sentence: the one main heading. */
  readonly heading: string;
  /** HTML below the heading. */
  readonly introduction: string;
  /** As made by `section`. */
  readonly sections: readonly string[];
}

/** A whole page: no script, no network, fit for both colour schemes. */
export function pageHtml({ title, heading, introduction, sections }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
<header>
<p class="title">${escapeHtml(title)}</p>
<h1>${escapeHtml(heading)}</h1>
${introduction}
</header>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

/** A section under its heading; nothing where there is nothing to say. */
export function section(title: string, content: string): string {
  return content === '' ? '' : `<section>\n<h2>${escapeHtml(title)}</h2>\n${content}\n</section>`;
}

/** A chart under its caption; the second part of the caption is HTML. */
export function figure(title: string, hint: string, chart: string): string {
  return `<figure>\n<figcaption>${escapeHtml(title)} <span>${hint}</span></figcaption>\n${chart}\n</figure>`;
}

/** The key of a box of this colour in a chart. */
export function boxKey(colour: string, words: string): string {
  return `<span class="box" style="color: ${colour}"></span>${words}`;
}
