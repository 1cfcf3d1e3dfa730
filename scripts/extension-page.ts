/** The README where there is no repository beside it: on the extension's page in VS Code, and in the CLI's npm package. */
import { posix } from 'node:path';
import type { PublicAddress } from './release.ts';

/**
 * Leaves out what stands between `<!-- repository -->` and `<!-- /repository -->`. Links to files and pictures lead to
 * the released ones; where nothing is released yet, links become plain text, and pictures are left out, of which VS Code
 * shows there only what comes from the web (seen in 1.139).
 * @param readme Markdown
 * @param address where the released files are; null where there are none
 * @returns Markdown whose links all lead somewhere
 */
export function extensionPage(readme: string, address: PublicAddress | null): string {
  return linksWithin(without(readme, 'repository').replaceAll(/<!-- \/?extension -->\n*/g, ''), { address });
}

/**
 * The same without what stands between `<!-- extension -->` and `<!-- /extension -->`, for whoever has the command line
 * alone.
 * @param readme Markdown
 * @param address where the released files are; null where there are none
 */
export function commandLinePage(readme: string, address: PublicAddress | null): string {
  return linksWithin(without(without(readme, 'extension'), 'repository'), { address });
}

/** What a page's links may lead to. */
export interface RowContext {
  /** Where the released files are; null where there are none. */
  readonly address: PublicAddress | null;
  /** The folder where the page is; the repository's own where it is not given. */
  readonly folder?: string;
  /** The files that are beside it. */
  readonly there?: readonly string[];
}

/**
 * Has each link to a file that is not beside a page lead to the released one, and pictures be shown from there. Where
 * nothing is released, such links become plain text, and pictures are left out.
 * @param page Markdown
 */
export function linksWithin(page: string, { address, folder = '.', there = [] }: RowContext): string {
  const led = (base: string, target: string): string => `${base}/${posix.join(folder, target)}`;
  const link = (whole: string, text: string, target: string): string => {
    if (/^(?:https:|#)/.test(target) || there.includes(posix.join(folder, target.replace(/#.*$/, '')))) return whole;
    return address === null ? text : `[${text}](${led(address.files, target)})`;
  };
  return page
    .replaceAll(/^!\[([^\]]*)\]\(([^)]*)\)\n\n?/gm, (picture, _text: string, target: string) =>
      address === null ? '' : picture.replace(`](${target})`, `](${led(address.pictures, target)})`),
    )
    .replaceAll(/(?<!!)\[([^\]]+)\]\(([^)]+)\)/g, link);
}

function without(readme: string, what: string): string {
  return readme.replaceAll(new RegExp(`\\s*<!-- ${what} -->.*?<!-- /${what} -->`, 'gs'), '');
}
