/** The README where there is no repository beside it: on the extension's page in VS Code, and in the CLI's npm package. */
import { posix } from 'node:path';

/**
 * Leaves out what stands between `<!-- repository -->` and `<!-- /repository -->`, and pictures, of which VS Code shows
 * there only what comes from the web (seen in 1.139); makes plain text of the links to files.
 * @param readme Markdown
 * @returns Markdown whose links all lead somewhere
 */
export function extensionPage(readme: string): string {
  return linksWithin(without(readme, 'repository').replaceAll(/<!-- \/?extension -->\n*/g, ''), '.', []);
}

/**
 * The same without what stands between `<!-- extension -->` and `<!-- /extension -->`, for whoever has the command line
 * alone.
 * @param readme Markdown
 */
export function commandLinePage(readme: string): string {
  return linksWithin(without(without(readme, 'extension'), 'repository'), '.', []);
}

/**
 * Makes plain text of links to files that are not there, and leaves out pictures.
 * @param page Markdown
 * @param folder where the page is
 * @param there the files that there are
 */
export function linksWithin(page: string, folder: string, there: readonly string[]): string {
  const isThere = (target: string): boolean =>
    /^(?:https:|#)/.test(target) || there.includes(posix.join(folder, target.replace(/#.*$/, '')));
  return page
    .replaceAll(/^!\[[^\]]*\]\([^)]*\)\n\n?/gm, '')
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (link, text: string, target: string) => (isThere(target) ? link : text));
}

function without(readme: string, what: string): string {
  return readme.replaceAll(new RegExp(`\\s*<!-- ${what} -->.*?<!-- /${what} -->`, 'gs'), '');
}
