/** Compares `major.minor.patch`, without tags. @returns negative if `a` is older, 0 if they are equal */
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
