/** A name for what is being written and gets the name `path` in the end. */
export function temporaryName(path: string): string {
  return `${path}.${globalThis.crypto.randomUUID().slice(0, 8)}.tmp`;
}

/** The name that a half-written file, left by a kill, was to get in the end; null for a file of any other name. */
export function finalName(name: string): string | null {
  return /^(.+)\.[0-9a-f]{8}\.tmp$/.exec(name)?.[1] ?? null;
}
