/** A table of text: columns as wide as their longest cell, numbers flush right, those named in `left` flush left. */
export function alignedRows(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly string[],
  dim: (text: string) => string,
): string {
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((cells) => cells[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        left.includes(headers[column]!) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [dim(line(headers)), ...rows.map(line)].join('\n');
}

/** Text as a terminal can show it in a line: no breaks, no control characters, cut to `width`. */
export function oneLine(text: string, width: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are to go
  const plain = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  const letters = [...plain];
  return letters.length > width ? `${letters.slice(0, width - 1).join('')}…` : plain;
}
