/** Options by the names that jobs have for them as words of a command line; null is one that is left away. */
export function flagsOf(options: object): string {
  return Object.entries(options)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${value}`)
    .join(' ');
}
