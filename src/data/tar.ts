import { dataError } from '../core/errors.ts';

/** A file in an archive. */
export interface TarFile {
  readonly name: string;
  /** A view of the archive's bytes. */
  readonly data: Uint8Array;
}

const block = 512;
const checksumAt = 148;

/**
 * The regular files of an unpacked tar archive, in its order: a header block each (name, size and checksum are read), then
 * the data, filled up to whole blocks; a block of zeros ends it. `name` is the file that an error names.
 */
export function readTar(bytes: Uint8Array, name: string): TarFile[] {
  const files: TarFile[] = [];
  for (let at = 0; ; ) {
    const header = bytes.subarray(at, at + block);
    if (header.length < block)
      throw dataError(`Cannot read "${name}": it ends within the archive, after ${bytes.length} bytes; fetch it again`);
    if (header.every((byte) => byte === 0)) return files;
    const size = numberAt(header, 124, 12);
    if (numberAt(header, checksumAt, 8) !== checksum(header) || !(size >= 0))
      throw dataError(`Cannot read "${name}": at byte ${at} there is no header of a tar archive; fetch it again`);
    const data = bytes.subarray(at + block, at + block + size);
    if (data.length < size)
      throw dataError(`Cannot read "${name}": it ends within "${textAt(header, 0, 100)}"; fetch it again`);
    const type = String.fromCharCode(header[156]!);
    if (type === '0' || type === '\0') files.push({ name: textAt(header, 0, 100), data });
    at += block + Math.ceil(size / block) * block;
  }
}

function textAt(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** An octal number; NaN where there is none. */
function numberAt(header: Uint8Array, at: number, length: number): number {
  const text = textAt(header, at, length).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/** The sum of a header's bytes, those of the checksum itself taken for spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, at) => sum + (at >= checksumAt && at < checksumAt + 8 ? 32 : byte), 0);
}
