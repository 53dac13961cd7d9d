/** What went wrong, as far as the exit code, or who goes on, has to tell it apart: what diverged would do so again. */
export type ErrorKind = 'failure' | 'diverged' | 'usage' | 'data' | 'environment' | 'interrupted';

/**
 * An error a user can act on: one sentence that says what cannot be done, the value found, what was expected and the
 * next step. It is printed without a stack trace.
 */
export class RhoError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string) {
    super(message);
    this.name = 'RhoError';
    this.kind = kind;
  }
}

/** Wrong options: exit code 2. */
export function usageError(message: string): RhoError {
  return new RhoError('usage', message);
}

/** Bad data, model or store: exit code 3. */
export function dataError(message: string): RhoError {
  return new RhoError('data', message);
}

/** The machine lacks something: exit code 4. */
export function environmentError(message: string): RhoError {
  return new RhoError('environment', message);
}
