/** What stands for a value that does not exist, such as the steps to a target that was never reached. */
export const nothing = '—';

/** 0.9221 as "0.922". */
export function formatAccuracy(value: number | null): string {
  return isNumber(value) ? value.toFixed(3) : nothing;
}

/** 0.3921 as "39.2%". */
export function formatShare(value: number | null): string {
  return isNumber(value) ? `${(100 * value).toFixed(1)}%` : nothing;
}

/** 1234567 as "1,234,567"; a mean of counts is rounded. */
export function formatCount(value: number | null): string {
  return isNumber(value) ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',') : nothing;
}

/** "1 example", "10,000 examples". */
export function formatCounted(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? '' : 's'}`;
}

/** Seconds as "0.61 s", "12.3 s", "104 s", "12.3 min" or "3.4 h". */
export function formatSeconds(value: number | null): string {
  if (!isNumber(value)) return nothing;
  if (value < 9.995) return `${value.toFixed(2)} s`;
  if (value < 99.95) return `${value.toFixed(1)} s`;
  if (value < 600) return `${value.toFixed(0)} s`;
  if (value < 36_000) return `${(value / 60).toFixed(1)} min`;
  return `${(value / 3600).toFixed(1)} h`;
}

/** Seconds of a step as "0.42 ms", "9.1 ms" or "142 ms". */
export function formatMilliseconds(seconds: number | null): string {
  if (!isNumber(seconds)) return nothing;
  const value = 1000 * seconds;
  return `${value.toFixed(value < 0.995 ? 2 : value < 99.95 ? 1 : 0)} ms`;
}

/** A loss with three significant digits, never in exponents. */
export function formatLoss(value: number | null): string {
  if (!isNumber(value)) return nothing;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3);
}

/** True for a finite number; JSON turns NaN and infinity into null, so both count as missing. */
export function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Text made safe inside HTML elements and quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
