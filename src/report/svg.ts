import type { Markish, PlotOptions } from '@observablehq/plot';

/** Observable Plot and a document to draw in, so that charts become text in any runtime, without a browser. */
export interface Pen {
  readonly plot: typeof import('@observablehq/plot');
  /** One chart as an SVG element; `description` is what a screen reader says of it. */
  draw(description: string, options: PlotOptions): string;
}

/** Loads Observable Plot and an XML document. Both are loaded on use: most commands draw nothing. */
export async function makePen(): Promise<Pen> {
  const [plot, { DOMImplementation, XMLSerializer }] = await Promise.all([
    import('@observablehq/plot'),
    import('@xmldom/xmldom'),
  ]);
  const html = 'http://www.w3.org/1999/xhtml';
  // Plot builds elements and sets attributes, no more, which an XML document does as well as a page.
  const document = new DOMImplementation().createDocument(html, 'html') as unknown as Document;
  const serializer = new XMLSerializer();
  return {
    plot,
    draw(description, options) {
      const svg = plot.plot({ ...options, document, className: 'chart' });
      svg.setAttribute('role', 'img');
      svg.setAttribute('aria-label', description);
      // The width and the style sheet come from the page; the viewBox keeps the proportions.
      svg.removeAttribute('width');
      svg.removeAttribute('height');
      const style = svg.firstChild;
      if (style?.nodeName === 'style') svg.removeChild(style);
      return shorten(
        serializer.serializeToString(svg as unknown as Parameters<typeof serializer.serializeToString>[0]),
      );
    },
  };
}

/** Cuts coordinates to hundredths of a unit; nobody sees more, and the file halves. */
function shorten(svg: string): string {
  return svg.replace(/(<[^>]*>)/g, (tag) => tag.replace(/(\d\.\d{2})\d+/g, '$1'));
}

/** The name of a line and the height at which the line ends, in the units of the chart. */
export interface EndLabel {
  readonly text: string;
  readonly colour: string;
  readonly y: number;
}

/** Names at the right of the frame, level with the ends of their lines as far as they do not meet. */
export function endLabels({ plot }: Pen, labels: readonly EndLabel[], gap: number, floor: number): Markish[] {
  const heights = spread(
    labels.map(({ y }) => y),
    gap,
    floor + 0.4 * gap,
  );
  return labels.map(({ text, colour }, index) =>
    plot.text([text], {
      frameAnchor: 'right',
      y: [heights[index]!],
      text: [text],
      textAnchor: 'start',
      dx: 8,
      fill: colour,
      fontWeight: 600,
    }),
  );
}

/**
 * Moves values apart until neighbours differ by `gap`, keeping their order and the middle of each cluster; none goes
 * below `floor`.
 */
export function spread(values: readonly number[], gap: number, floor: number): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const clusters: Cluster[] = [];
  const gather = (members: number[]): Cluster => {
    const half = (gap * (members.length - 1)) / 2;
    const middle = Math.max(floor + half, members.reduce((sum, member) => sum + values[member]!, 0) / members.length);
    return { members, low: middle - half, high: middle + half };
  };
  for (const index of order) {
    let cluster = gather([index]);
    for (let below = clusters.at(-1); below && cluster.low - below.high < gap; below = clusters.at(-1)) {
      clusters.pop();
      cluster = gather([...below.members, ...cluster.members]);
    }
    clusters.push(cluster);
  }
  const moved = [...values];
  for (const { members, low } of clusters) {
    members.forEach((member, place) => {
      moved[member] = low + place * gap;
    });
  }
  return moved;
}

interface Cluster {
  readonly members: readonly number[];
  readonly low: number;
  readonly high: number;
}
