import { dataError } from '../core/errors.ts';

/** The lines of UTF-8 text, empty ones too, without their breaks. Each is decoded by itself: a whole file may be longer than a string can be. */
export function* linesOf(bytes: Uint8Array, file: string): Generator<string> {
  for (let at = 0, line = 1; at < bytes.length; line++) {
    const found = bytes.indexOf(10, at);
    const end = found < 0 ? bytes.length : found;
    yield decodeText(bytes.subarray(at, end), file, `line ${line}`).replace(/\r$/, '');
    at = end + 1;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The most bytes that are a string for certain, in each of the runtimes. */
const mostBytes = 2 ** 28;

/** Bytes as text; a data error about `what` in `file` where they are not UTF-8, or too many for one string. */
export function decodeText(bytes: Uint8Array, file: string, what = 'it'): string {
  if (bytes.length > mostBytes)
    throw dataError(
      `Cannot read "${file}": ${what} has ${bytes.length} bytes of text in one piece, expected at most ${mostBytes}; split it`,
    );
  try {
    return decoder.decode(bytes);
  } catch {
    throw dataError(`Cannot read "${file}": ${what} is not UTF-8 text; convert it`);
  }
}
