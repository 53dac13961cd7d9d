import { environmentError } from '../core/errors.ts';

/** Loads a part of the page that is fetched when it is needed; rejects with a sentence that says what it is for where it does not come. */
export async function fetchPart<T>(what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw environmentError(
      `Cannot fetch the part of the page that ${what}: ${(error as Error).message}; check the connection and reload the page`,
    );
  }
}
