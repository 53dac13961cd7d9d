export const ALLOWED_FOLDERS: Readonly<Record<string, readonly string[]>>;
export const ALLOWED_PLACES: Readonly<Record<string, readonly string[]>>;
export const ALLOWED_TYPE_PLACES: Readonly<Record<string, readonly string[]>>;
export const ALLOWED_GLOBALS: Readonly<Record<string, readonly string[]>>;
export const MOST_LINES: number;
export function findViolations(root: string): string[];
