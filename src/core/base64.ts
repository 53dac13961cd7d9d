// String.fromCharCode takes its characters as arguments, of which there may not be too many at once.
const sliceBytes = 2 ** 13;

/** Bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += sliceBytes)
    text += String.fromCharCode(...bytes.subarray(at, at + sliceBytes));
  return btoa(text);
}

/** What `toBase64` was given. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
