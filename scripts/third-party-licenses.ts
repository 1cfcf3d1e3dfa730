/** The licenses of everything that is bundled, as one text: made by the build, which fails where one is missing. */
import { vendored } from './bundled.ts';
import type { BundledPackage } from './bundled.ts';

/** The file beside the bundles. */
export const licensesFile = 'third-party-licenses.txt';

/** Licenses that let their code be passed on in a bundle under MIT as long as their text goes with it (SPDX names). */
const permitted = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/** A package is bundled whose license is not known to allow it, or has no text. */
export class LicenseError extends Error {
  override readonly name = 'LicenseError';
  constructor(problems: readonly string[]) {
    super(
      [
        'The bundles hold packages that may not be passed on like this:',
        ...problems.map((problem) => `  ${problem}`),
        'Do without them, or see docs/dependencies.md, "Licenses and vulnerabilities".',
      ].join('\n'),
    );
  }
}

/** Whether an SPDX expression allows it: one of several where there is a choice, else each. */
function isPermitted(license: string): boolean {
  return license
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((each) => permitted.includes(each)));
}

/**
 * The licenses and notices of the packages, each under its name, version, license and source.
 * @throws LicenseError that names each package without a license that is permitted, or without its text
 */
export function thirdPartyLicenses(packages: readonly BundledPackage[]): string {
  const problems = packages.flatMap(({ folder, license, texts }) => {
    if (!isPermitted(license))
      return [`${folder}: its license, ${license || 'of which it says nothing'}, is not permitted`];
    return texts.some(({ file }) => /^(?:licen[cs]e|copying)/i.test(file)) ? [] : [`${folder}: it has no license text`];
  });
  if (problems.length > 0) throw new LicenseError(problems);
  const sections = packages.flatMap(({ name, version, license, source, bundles, texts }) => [
    section(
      [`${name} ${version} (${license})`, ...(source === null ? [] : [source]), `In: ${bundles.join(', ')}`],
      texts.map(({ text }) => text),
    ),
    ...vendored
      .filter(({ holder }) => holder === name)
      .map((each) => section([`${each.name}, inside ${name} (${each.license})`, each.source], [each.text])),
  ]);
  return `The programs of Campaign Monitor Relay hold code of these packages, under the licenses that follow.\n\n${sections.join('\n')}`;
}

function section(head: readonly string[], texts: readonly string[]): string {
  return `${'-'.repeat(80)}\n${head.join('\n')}\n\n${texts.join('\n\n')}\n`;
}
