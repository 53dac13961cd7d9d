export interface Import {
  /** The text between the quotes; of a template literal what stands before its first placeholder. */
  readonly specifier: string;
  /** `type` vanishes at run time; `url` is `new URL('./x', import.meta.url)`. */
  readonly kind: 'value' | 'type' | 'url';
  readonly line: number;
}

export function readImports(source: string): Import[];
export function readGlobals(source: string, names: readonly string[]): { name: string; line: number }[];
export function holdsOnlyReExports(source: string): boolean;
