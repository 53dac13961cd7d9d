/** A moment as the user writes it, to the minute. */
export function whenInWords(moment: Date): string {
  return moment.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
