/** Runs before the rest of the bundle is read (esbuild.mjs), which an old Node.js may not parse. */

/** @param least such as `22.13` @returns the error, or null if the version is supported */
export function tooOld(running: string, least: string): string | null {
  const numbers = (version: string): number[] => version.replace(/^v/, '').split('.').map(Number);
  const [major = 0, minor = 0] = numbers(running);
  const [leastMajor = 0, leastMinor = 0] = numbers(least);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return null;
  return `error: cm-relay requires Node.js ${least} or later, but you are using ${running} (${process.execPath})
  Install Node.js from https://nodejs.org or with your version manager, for example: nvm install 24
`;
}
