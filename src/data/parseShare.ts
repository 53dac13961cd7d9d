/** The number from 0 to 1 that `text` spells, else null. */
export function parseShare(text: string): number | null {
  const share = text.trim() === '' ? Number.NaN : Number(text);
  return share >= 0 && share <= 1 ? share : null;
}
