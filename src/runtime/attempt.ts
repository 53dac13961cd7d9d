import { dataError, RhoError } from '../core/errors.ts';

/** What is done to a file or folder. */
export type FileAction = 'read' | 'list' | 'write' | 'remove';

/**
 * Runs `work`; an error of the file system becomes one sentence that says what could not be done to `path`. `reasonOf` gives why,
 * as part of it; null where there is nothing of that name.
 */
export async function attemptWith<T>(
  reasonOf: (error: unknown) => string | null,
  action: FileAction,
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RhoError) throw error;
    const missing = action === 'read' ? 'no such file' : 'no such folder';
    throw dataError(`Cannot ${action} "${path}": ${reasonOf(error) ?? missing}`);
  }
}
