/** Ignores surrounding blanks, upper case in the host, the scheme's default port, and a missing path. */
export function isSameUrl(one: string, other: string | null | undefined): boolean {
  const href = URL.parse(one)?.href;
  return one === other || (href !== undefined && href === URL.parse(other ?? '')?.href);
}
