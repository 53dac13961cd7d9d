import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** The folder that a file of an installed package lies in, such as of "sharp/package.json"; null where there is none. */
export function installedFolder(file: string): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve(file));
  } catch {
    return null;
  }
}
