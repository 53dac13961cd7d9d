/** What a thread answered, without when it worked at it. */
export function timeless<T extends { readonly span?: unknown }>({ span, ...answer }: T): Omit<T, 'span'> {
  return answer;
}
