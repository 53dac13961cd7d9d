import { flagOf } from './commandLine.ts';
import { firstFields, otherFields } from './fields.ts';

const labels: ReadonlyMap<string, string> = new Map(
  [...firstFields, ...otherFields].map(({ key, label }) => [flagOf(key), label]),
);

/** What the page has instead of a flag, where that is no field of the form. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/\/(?:rho-loss|given|opened|runs\/[^/\s"]+\/model)\//g, ''],
  [/, name the test data with --test/g, ', choose test data as well'],
  [/\bpass --test data\b/g, 'choose test data'],
  [/"rho (\w+)"/g, 'rho $1'],
  // What ONNX Runtime makes of a device that the browser or its driver has ended.
  [
    /^.*(?:external Instance reference no longer exists|[Dd]evice (?:is |was )?lost).*$/s,
    'The GPU was lost: the browser or its driver has ended it; go on from the last checkpoint, or train anew on another device',
  ],
  // There is a button for it.
  [/[:;] start it again to go on$/, ''],
];

/** A sentence of a job as it makes sense on the page, where options are fields of a form. */
export function trainingSentence(sentence: string): string {
  const plain = phrases.reduce((text, [from, to]) => text.replace(from, to), sentence);
  if (!/--[a-z]/.test(plain)) return plain;
  return plain
    .replace(/\bpass\b/g, 'choose')
    .replace(/(?<![\w-])--[a-z][a-z-]*/g, (flag) => `“${labels.get(flag) ?? flag.slice(2).replaceAll('-', ' ')}”`);
}
