/** What the page calls the options of the command line. */
const fields: Readonly<Record<string, string>> = {
  holdout: 'Holdout',
  noise: 'Label noise',
  vocab: 'Vocabulary',
  tokens: 'Tokens',
  'image-size': 'Image size',
  preprocessing: 'Preprocessing',
  logits: 'Logits',
  layout: 'Channels',
  'data-seed': 'Data seed',
  device: 'Device',
};

/**
 * A sentence of a job as it makes sense on the page: options by the names of their fields, files by the names that they were given
 * under, and what to do next without a command line.
 */
export function forPage(sentence: string): string {
  return sentence
    .replace(/\/(?:given\/(?:data|model|store|vocab)|stores|rho-loss)\//g, '')
    .replace(/\bpass --([a-z-]+) (?=[\w:.]+(?:[,;]? |$))/g, (all, name) =>
      name in fields ? `set “${fields[name]}” to ` : all,
    )
    .replace(/\bwith --([a-z-]+)/g, (all, name) => (name in fields ? `under “${fields[name]}”` : all))
    .replace(/--([a-z-]+)/g, (all, name) => (name in fields ? `“${fields[name]}”` : all))
    .replace(/\bpass (?=“)/g, 'use ')
    .replace(/such as “[^”]+” /g, 'such as ')
    .replace(/\bthe holdout of “Holdout” (\S+)/g, 'the holdout ($1)')
    .replace(/run "rho score" /g, 'score ')
    .replace(/; go on with the "rho score" command that began it/g, '; go on with it under “Kept in this browser”')
    .replace(/name the folder that "rho score" wrote/g, 'give the whole folder of a store')
    .replace(/name a new folder/g, 'remove the earlier result first');
}
