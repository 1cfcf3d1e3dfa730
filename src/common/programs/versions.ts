/**
 * Compares two versions `major.minor.patch`; pre-release and build tags are ignored.
 * @returns negative where `a` is the older, 0 where they are the same, positive where it is the newer
 */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string): number[] =>
    version
      .replace(/[-+].*/, '')
      .split('.')
      .map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
