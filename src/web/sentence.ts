import { fieldName } from './fieldNames.ts';

/** What stands for a flag, where it stands for something else than its field, or where what is to be done is another thing on the page. */
const phrases: readonly (readonly [RegExp, string])[] = [
  // Files go by the names that they were given under.
  [
    /\/(?:given\/(?:data|model|store|vocab)(?:-[0-9a-f]{8})?|given|stores|opened|rho-loss|runs\/[^/\s"]+\/model\/\w+|runs\/[^/\s":]+(?=\/)|runs)\//g,
    '',
  ],
  // What ONNX Runtime makes of a device that the browser or its driver has ended.
  [
    /^.*(?:external Instance reference no longer exists|[Dd]evice (?:is |was )?lost).*$/s,
    'The GPU was lost: the browser or its driver has ended it; go on, or begin anew on another device',
  ],
  // There is a button for it.
  [/[:;] start it again to go on(?: from what is written)?$/, ''],
  [/; go on with the "rho score" command that began it/g, '; go on with it under “Kept in this browser”'],
  [/name the folder that "rho score" wrote/g, 'give the whole folder of a store'],
  [/run "rho score" /g, 'score '],
  [/"rho (\w+)"/g, 'rho $1'],
  [/name a new folder/g, 'remove the earlier result first'],
  [/, name the test data with --test/g, ', choose test data as well'],
  [/\bpass --test data\b/g, 'choose test data'],
  [
    /\bpass a vocab\.txt or tokenizer\.json with --vocab\b/g,
    'give the vocab.txt or tokenizer.json of the model as well',
  ],
];

/**
 * A sentence of a job as it makes sense on the page: options by the names of their fields, files by the names that they were given
 * under, and what to do next without a command line.
 */
export function forPage(sentence: string): string {
  const plain = phrases.reduce((text, [from, to]) => text.replace(from, to), sentence);
  if (!/--[a-z]/.test(plain)) return plain;
  return plain
    .replace(/\bpass (--[a-z-]+) (?=[\w:.]+(?:[,;]? |$))/g, (all, flag) => {
      const name = fieldName(flag);
      return name === undefined ? all : `set “${name}” to `;
    })
    .replace(/\bwith (?=--[a-z])/g, 'under ')
    .replace(/(?<![\w-])--[a-z][a-z-]*/g, (flag) => `“${fieldName(flag) ?? flag.slice(2).replaceAll('-', ' ')}”`)
    .replace(/such as “[^”]+” /g, 'such as ')
    .replace(/\bthe holdout of “Holdout” (\S+)/g, 'the holdout ($1)')
    .replace(/\bpass (?=[^;:]*“)/g, 'choose ');
}
