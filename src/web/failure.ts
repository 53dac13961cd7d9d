import { forPage } from './sentence.ts';

/** What failed, as a whole sentence for the page. */
export function failure(error: unknown): string {
  return `${forPage((error as Error).message).replace(/\.$/, '')}.`;
}
