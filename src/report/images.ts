import { fromBase64, toBase64 } from '../core/base64.ts';
import type { ReportImage } from './reportData.ts';

/** Larger pictures are shrunk by a whole number until no side is longer: a report shows thumbnails. */
const longestSide = 112;

/**
 * A picture as a `data:` address of an uncompressed 24-bit BMP, the one format that every browser shows and that takes no
 * compression to write.
 */
export function imageUrl(image: ReportImage): string {
  const { width, height, planes } = shrink(image);
  const stride = Math.ceil((3 * width) / 4) * 4;
  const bytes = new Uint8Array(54 + stride * height);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  // A negative height means that the top row comes first.
  view.setInt32(22, -height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  view.setUint32(34, stride * height, true);
  const [red, green, blue] = [planes[0]!, planes[1] ?? planes[0]!, planes[2] ?? planes[0]!];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      bytes.set([blue[pixel]!, green[pixel]!, red[pixel]!], 54 + y * stride + 3 * x);
    }
  }
  return `data:image/bmp;base64,${toBase64(bytes)}`;
}

interface Planes {
  width: number;
  height: number;
  /** A Uint8Array per channel, row by row. */
  planes: Uint8Array[];
}

/** Means of square boxes; what is left over at the right and bottom edge is dropped. */
function shrink({ width, height, channels, pixels }: ReportImage): Planes {
  const bytes = fromBase64(pixels);
  const side = Math.max(1, Math.ceil(Math.max(width, height) / longestSide));
  const [columns, rows] = [Math.max(1, Math.floor(width / side)), Math.max(1, Math.floor(height / side))];
  const planes = Array.from({ length: channels }, (_, channel) => {
    const plane = new Uint8Array(columns * rows);
    for (let place = 0; place < plane.length; place++) {
      const [top, left] = [Math.floor(place / columns) * side, (place % columns) * side];
      let sum = 0;
      for (let box = 0; box < side * side; box++) {
        const [y, x] = [Math.min(height - 1, top + Math.floor(box / side)), Math.min(width - 1, left + (box % side))];
        sum += bytes[(channel * height + y) * width + x] ?? 0;
      }
      plane[place] = Math.round(sum / (side * side));
    }
    return plane;
  });
  return { width: columns, height: rows, planes };
}
