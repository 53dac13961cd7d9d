/** When something was worked at, in milliseconds of a clock that all threads share. */
export interface Span {
  readonly began: number;
  readonly ended: number;
}

/** Milliseconds since 1970, in fractions: the same in every thread of a process, which performance.now() alone is not. */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Does some work and tells with its result when it was worked at. */
export async function timed<T extends object>(work: () => T | Promise<T>): Promise<T & { readonly span: Span }> {
  const began = sharedNow();
  const result = await work();
  return { ...result, span: { began, ended: sharedNow() } };
}

/** Milliseconds that two spans have in common. */
export function shared(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.ended, b.ended) - Math.max(a.began, b.began));
}

/** The parts of a span that none of `others` covers. */
export function without(span: Span, others: readonly Span[]): readonly Span[] {
  return others.reduce<readonly Span[]>(
    (parts, other) =>
      parts.flatMap((part) =>
        [
          { began: part.began, ended: Math.min(part.ended, other.began) },
          { began: Math.max(part.began, other.ended), ended: part.ended },
        ].filter(({ began, ended }) => ended > began),
      ),
    [span],
  );
}
