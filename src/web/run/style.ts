import { paletteCss } from '../../report/palette.ts';

const css = `
.runs-part {
  ${paletteCss('both')}
  --quiet: light-dark(#62625d, #a5a39c); --line: light-dark(#dddcd6, #38383b); --wash: light-dark(#f6f5f1, #202023);
}
.runs-part [hidden] { display: none !important; }
.runs-part .quiet, .runs-part .hint, .runs-part figcaption span { color: var(--quiet); }
.runs-part .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.runs-part fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.runs-part .fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 230px), 1fr)); gap: 14px 24px; margin: 12px 0; }
.runs-part .fields > div { display: flex; flex-direction: column; gap: 3px; min-width: 0; }
.runs-part .fields input, .runs-part .fields select { width: 100%; box-sizing: border-box; font: inherit; padding: 6px 8px; }
.runs-part .fields label { font-weight: 600; font-size: .9375rem; }
.runs-part .hint { font-size: .8125rem; }
.runs-part .actions { display: flex; flex-wrap: wrap; gap: 10px; margin: 14px 0; }
.runs-part .actions:empty { display: none; }
.runs-part .failed { border-left: 3px solid var(--c2); padding: 2px 0 2px 12px; overflow-wrap: anywhere; }
.runs-part progress { width: 100%; height: 12px; accent-color: var(--c0); }
.runs-part .progress-line { margin: 0 0 4px; font-variant-numeric: tabular-nums; min-height: 1.6em; }
.runs-part .run-charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 20px 28px; margin: 20px 0 12px; }
.runs-part figure { margin: 0; min-width: 0; }
.runs-part figcaption { font-size: .9375rem; font-weight: 600; margin-bottom: 4px; }
.runs-part figcaption span { font-weight: 400; }
.runs-part .drawing { min-height: 190px; contain: layout; }
.runs-part .drawing svg { display: block; font-size: 13px; font-family: inherit; }
.runs-part .drawing text { fill: currentColor; }
.runs-part .drawing .name { font-weight: 600; }
.runs-part .drawing .grid { stroke: currentColor; stroke-opacity: .14; fill: none; }
.runs-part .drawing .tick { stroke: currentColor; stroke-opacity: .5; fill: none; }
.runs-part .drawing .curve { stroke: currentColor; stroke-width: 2; fill: none; stroke-linejoin: round; }
.runs-part .drawing circle { fill: currentColor; stroke: transparent; stroke-width: 10; }
.runs-part .scroll { overflow-x: auto; }
.runs-part .figures { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9375rem; }
.runs-part .figures th, .runs-part .figures td { text-align: right; padding: 5px 0 5px clamp(10px, 2vw, 22px); vertical-align: bottom; }
.runs-part .figures thead th { font-weight: 400; color: var(--quiet); }
.runs-part .figures td { white-space: nowrap; }
.runs-part .figures th:first-child { text-align: left; padding-left: 0; white-space: nowrap; }
.runs-part .figures tbody tr { border-top: 1px solid var(--line); }
.runs-part .swatch { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .55em; }
.runs-part .selections { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 12px 28px; }
.runs-part h4 { font-size: .9375rem; margin: 16px 0 2px; }
.runs-part .selected-panel p { margin: 0 0 8px; font-size: .875rem; font-variant-numeric: tabular-nums; }
.runs-part .selected { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(46px, 1fr)); gap: 6px; }
.runs-part .selected li { contain: layout style; border: 2px solid transparent; border-radius: 4px; padding: 3px; min-width: 0; text-align: center; background: var(--wash); }
.runs-part .selected li.wrong { border-color: var(--c2); }
.runs-part .selected img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated; }
.runs-part .selected .label { display: block; font-size: .75rem; line-height: 1.4; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.runs-part .selected .wrong .label { font-weight: 700; color: var(--c2); }
.runs-part .selected.texts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 220px), 1fr)); }
.runs-part .selected.texts li { text-align: left; }
.runs-part .selected .text { font-size: .8125rem; overflow-wrap: anywhere; }
.runs-part .finding { font-size: 1.1rem; line-height: 1.4; margin: 20px 0 8px; text-wrap: pretty; }
.runs-part .downloads { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; padding: 0; margin: 10px 0; }
.runs-part .downloads li { overflow-wrap: anywhere; }
.runs-part iframe.report { width: 100%; height: 80vh; border: 1px solid var(--line); border-radius: 4px; display: block; margin-top: 14px; }
.runs-part .kept { list-style: none; padding: 0; margin: 8px 0; }
.runs-part .kept li { display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: center; padding: 8px 0; border-top: 1px solid var(--line); }
.runs-part .kept span { flex: 1 1 240px; min-width: 0; overflow-wrap: anywhere; }
`;

let isAdded = false;

/** Gives an element the style of the parts of the page that show runs. */
export function styleRuns(root: HTMLElement): void {
  root.classList.add('runs-part');
  if (isAdded) return;
  isAdded = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
