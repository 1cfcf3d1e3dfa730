/**
 * Whether two texts are the same URL: blanks around it, upper case in its host, the scheme's own port, and a missing path
 * make no other.
 */
export function isSameUrl(one: string, other: string | null | undefined): boolean {
  return one === other || (URL.canParse(one) && URL.parse(one)?.href === URL.parse(other ?? '')?.href);
}
