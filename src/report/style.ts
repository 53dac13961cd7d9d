import { paletteCss } from './palette.ts';

const light = `--paper: #fff; --ink: #1c1c1a; --quiet: #62625d; --line: #dddcd6; --wash: #f6f5f1; ${paletteCss('light')}`;
const dark = `--paper: #161618; --ink: #e8e6e1; --quiet: #a5a39c; --line: #38383b; --wash: #202023; ${paletteCss('dark')}`;

/** The style sheet of the report: system fonts, both colour schemes, one column, fit for a phone and for paper. */
export const styleSheet: string = `
:root { color-scheme: light dark; ${light} }
@media screen and (prefers-color-scheme: dark) { :root { ${dark} } }
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
main { max-width: 1040px; margin: 0 auto; padding: 56px 24px 80px; }
h1 { font-size: clamp(1.3rem, 1.05rem + 1.1vw, 1.75rem); line-height: 1.35; font-weight: 600; margin: 0 0 20px; text-wrap: pretty; }
h2 { font-size: 1.15rem; line-height: 1.35; font-weight: 600; margin: 0 0 8px; }
h3 { font-size: .95rem; font-weight: 600; margin: 24px 0 6px; }
p { margin: 0 0 12px; max-width: 72ch; }
section { margin-top: 60px; }
.title { color: var(--quiet); margin: 0 0 10px; }
.quiet, figcaption span { color: var(--quiet); }
.small { font-size: .875rem; }
.scroll { overflow-x: auto; margin: 0 0 12px; }
:focus-visible { outline: 2px solid var(--c0); outline-offset: 3px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9375rem; line-height: 1.4; }
.comparison { min-width: 100%; }
.comparison th, .comparison td { padding: 9px 8px; text-align: right; white-space: nowrap; vertical-align: top; }
.comparison thead th { font-weight: 400; color: var(--quiet); padding-bottom: 6px; }
.comparison thead .group { text-align: right; color: var(--ink); padding-bottom: 0; }
.comparison tbody tr { border-top: 1px solid var(--line); }
.comparison tbody tr:last-child { border-bottom: 1px solid var(--line); }
.comparison .name, .comparison thead .name { text-align: left; position: sticky; left: 0; background: var(--paper); padding-left: 0; vertical-align: bottom; }
.comparison tbody .name { font-weight: 600; vertical-align: top; }
.comparison .first { padding-left: 22px; }
.comparison small { display: block; color: var(--quiet); font-size: .8125rem; }
.plain thead .name, .plain tbody .name { vertical-align: baseline; }
.costs { margin-top: 20px; }
.costs.small { min-width: min(100%, 560px); }
.costs.small th, .costs.small td { white-space: normal; }
.costs tbody .name { font-weight: 400; }
.comparison .words { text-align: left; padding-left: 22px; }
.best { font-weight: 700; }
.best small { font-weight: 400; }
.swatch { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .55em; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: 28px 32px; margin-top: 20px; }
.charts.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 290px), 1fr)); }
.single { max-width: 560px; margin-top: 20px; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { font-size: .9375rem; font-weight: 600; margin-bottom: 4px; }
figcaption span { font-weight: 400; }
.chart { display: block; width: 100%; height: auto; font-family: inherit; font-size: 13px; overflow: visible; }
.chart text { white-space: pre; paint-order: stroke; stroke-linejoin: round; }
.key { display: inline-block; width: 1.5em; height: 0; border-top: 2px solid; vertical-align: .3em; margin: 0 .4em 0 .2em; }
.key.dashed { border-top-style: dashed; }
.box { display: inline-block; width: .8em; height: .8em; border: 1px solid; margin: 0 .4em 0 .2em; position: relative; }
.box::before { content: ""; position: absolute; inset: 0; background: currentColor; opacity: .45; }
.examples { display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 22px 18px; list-style: none; padding: 0; margin: 20px 0 0; }
.examples.texts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
.examples.wide { grid-template-columns: repeat(auto-fill, minmax(164px, 1fr)); }
.examples li { break-inside: avoid; font-size: .875rem; line-height: 1.5; }
.examples img { display: block; width: 96px; height: 96px; object-fit: contain; object-position: left; image-rendering: pixelated; margin-bottom: 8px; }
.examples blockquote { margin: 0 0 8px; padding-left: 12px; border-left: 2px solid var(--line); font-size: .9375rem; overflow-wrap: anywhere; }
.examples b { font-weight: 600; }
.examples .verdict { display: block; margin-bottom: 2px; font-size: .8125rem; }
.examples .verdict .box { margin-left: 0; }
.charts + details { margin-top: 28px; }
details { border-top: 1px solid var(--line); padding: 12px 0; }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; font-weight: 600; }
details > :not(summary) { margin-top: 12px; }
.pairs th, .pairs td, .numbers th, .numbers td { padding: 3px 20px 3px 0; text-align: left; vertical-align: top; font-weight: 400; }
.pairs th { color: var(--quiet); white-space: nowrap; }
.pairs td { overflow-wrap: anywhere; }
.numbers th, .numbers td { text-align: right; }
.numbers thead th { color: var(--quiet); }
pre { background: var(--wash); padding: 14px 16px; margin: 12px 0; overflow-x: auto; font-size: .875rem; line-height: 1.5; border-radius: 4px; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.notes { padding-left: 1.2em; max-width: 72ch; margin: 12px 0 0; }
.notes li { margin-bottom: 6px; }
@media (max-width: 520px) {
  main { padding: 32px 18px 56px; }
  section { margin-top: 44px; }
  .chart { font-size: 14px; }
}
@media print {
  main { max-width: none; padding: 0; }
  section { margin-top: 32px; }
  body { font-size: 11pt; }
  pre { white-space: pre-wrap; }
  .scroll { overflow: visible; }
  .comparison { font-size: 7.5pt; }
  .comparison th, .comparison td { padding: 5px 3px; }
  .comparison .first { padding-left: 10px; }
  .comparison small { font-size: 6.5pt; }
  .charts { grid-template-columns: 1fr 1fr; }
  .charts.small { grid-template-columns: 1fr 1fr 1fr; }
  details::details-content { content-visibility: visible; display: block; }
}
`;
