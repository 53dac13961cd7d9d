const signatures: readonly (readonly [type: string, at: number, bytes: readonly number[]])[] = [
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/png', 0, [0x89, 0x50, 0x4e, 0x47]],
  ['image/webp', 8, [0x57, 0x45, 0x42, 0x50]],
];

/** The media type of an encoded image, told by its first bytes; `application/octet-stream` where they tell nothing. */
export function imageType(bytes: Uint8Array): string {
  const found = signatures.find(([, at, magic]) => magic.every((byte, i) => bytes[at + i] === byte));
  return found?.[0] ?? 'application/octet-stream';
}
