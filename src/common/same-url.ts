/**
 * Whether two texts are the same URL: blanks around it, upper case in its host, the scheme's own port, and a missing path
 * make no other.
 */
export function isSameUrl(one: string, other: string | null | undefined): boolean {
  const href = URL.parse(one)?.href;
  return one === other || (href !== undefined && href === URL.parse(other ?? '')?.href);
}
