/** Which labels a training goes by, as part of a sentence behind the data: "40% of whose labels are made wrong". */
export function noiseInWords(rule: string): string {
  const [, kind, share] = /^(flip|uniform):(\d*\.?\d+)$/.exec(rule.trim()) ?? [];
  if (share !== undefined && Number(share) > 0) {
    const percent = `${Number((100 * Number(share)).toFixed(1))}% of whose labels are`;
    return kind === 'flip' ? `${percent} made wrong` : `${percent} drawn at random`;
  }
  if (share !== undefined || rule.trim() === 'none') return 'with its labels as they are';
  return `whose labels are made wrong by the rule ${rule.trim()}`;
}
