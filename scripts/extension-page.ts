/** The README where there is no repository beside it: on the extension's page in VS Code, and in the CLI's npm package. */
import { posix } from 'node:path';
import type { PublicAddress } from './release.ts';

/** What a page's links may lead to. */
export interface LinkTargets {
  /** Where the released files are; null before the first release. */
  readonly address: PublicAddress | null;
  /** The folder where the page is; default: the repository's own. */
  readonly folder?: string;
  /** The files that are beside it. */
  readonly there?: readonly string[];
}

/**
 * Leaves out what only a clone has (between `<!-- repository -->` and `<!-- /repository -->`). Before the first release,
 * a page says how to install the package's file (`<!-- unreleased -->` to `<!-- /unreleased -->`); after it, how to install
 * from the registries (`<!-- released` to `-->`, which the README hides).
 * @param readme Markdown
 * @returns Markdown whose links all lead somewhere
 */
export function publishedPage(readme: string, targets: LinkTargets): string {
  const own = removeBlocks(readme, 'repository');
  const page =
    targets.address === null
      ? own.replaceAll(/<!-- released\n.*?-->\n*/gs, '').replaceAll(/<!-- \/?unreleased -->\n*/g, '')
      : removeBlocks(own, 'unreleased').replaceAll(/<!-- released\n+(.*?)-->\n*/gs, '$1');
  return linksWithin(page, targets);
}

/**
 * Makes each link to a file that is not beside a page lead to the released one, and each picture come from there: VS Code
 * shows only pictures from the web (seen in 1.139). Before the first release, such links become text that names the file,
 * and pictures are left out.
 * @param page Markdown
 */
export function linksWithin(page: string, { address, folder = '.', there = [] }: LinkTargets): string {
  const link = (whole: string, text: string, target: string): string => {
    const path = posix.join(folder, target.replace(/#.*$/, ''));
    if (/^(?:https:|#)/.test(target) || there.includes(path)) return whole;
    if (address !== null) return `[${text}](${address.files}/${posix.join(folder, target)})`;
    return text.includes(posix.basename(path)) ? text : `${text} (${path})`;
  };
  return page
    .replaceAll(/^!\[([^\]]*)\]\(([^)]*)\)\n\n?/gm, (picture, _text: string, target: string) =>
      address === null ? '' : picture.replace(`](${target})`, `](${address.pictures}/${posix.join(folder, target)})`),
    )
    .replaceAll(/(?<!!)\[([^\]]+)\]\(([^)]+)\)/g, link);
}

function removeBlocks(readme: string, name: string): string {
  return readme.replaceAll(new RegExp(`\\s*<!-- ${name} -->.*?<!-- /${name} -->`, 'gs'), '');
}
