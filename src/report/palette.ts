/**
 * Okabe and Ito's colours, which colour-blind readers tell apart, darkened on paper and lightened on black until text in
 * them is legible (4.5 : 1). The first is for the method, the second for the baseline.
 */
const colours: readonly { readonly light: string; readonly dark: string }[] = [
  { light: '#0072b2', dark: '#56b4e9' },
  { light: '#5c5c5c', dark: '#b9b9b9' },
  { light: '#c04a00', dark: '#ff8a4c' },
  { light: '#00785a', dark: '#2fc79d' },
  { light: '#a0457f', dark: '#e39ac6' },
  { light: '#8a6100', dark: '#e6b33d' },
  { light: '#5b4bb5', dark: '#ada1f2' },
  { light: '#7a3b1d', dark: '#d3a081' },
];

const reserved: Readonly<Record<string, number>> = { rho: 0, uniform: 1, loss: 2, 'training-loss': 2 };

/** A colour per strategy as a CSS variable: well-known strategies keep theirs in every report, others take what is left. */
export function strategyColours(strategies: readonly string[]): Record<string, string> {
  const taken = new Set(strategies.flatMap((name) => reserved[name] ?? []));
  const free = colours.map((_, index) => index).filter((index) => index > 2 && !taken.has(index));
  let next = 0;
  return Object.fromEntries(
    strategies.map((name) => [name, `var(--c${reserved[name] ?? free[next++ % free.length]!})`]),
  );
}

/** The colours of examples with the right and with the wrong label. */
export const labelColours: { readonly clean: string; readonly corrupted: string } = {
  clean: 'var(--c0)',
  corrupted: 'var(--c2)',
};

/** The colours of the two sides of a run. */
export const sideColours: { readonly train: string; readonly score: string } = {
  train: 'var(--c0)',
  score: 'var(--c2)',
};

/** CSS declarations of the colours for one scheme. */
export function paletteCss(scheme: 'light' | 'dark'): string {
  return colours.map((colour, index) => `--c${index}: ${colour[scheme]};`).join(' ');
}
