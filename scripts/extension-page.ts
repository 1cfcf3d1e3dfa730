/** The README as VS Code shows it on the extension's page: there is no repository beside it. */

/**
 * Leaves out what stands between `<!-- repository -->` and `<!-- /repository -->`, and pictures, of which VS Code shows
 * there only what comes from the web (seen in 1.139); makes plain text of the links to files.
 * @param readme Markdown
 * @returns Markdown whose links all lead somewhere
 */
export function extensionPage(readme: string): string {
  return readme
    .replaceAll(/\s*<!-- repository -->.*?<!-- \/repository -->/gs, '')
    .replaceAll(/^!\[[^\]]*\]\([^)]*\)\n\n?/gm, '')
    .replaceAll(/\[([^\]]+)\]\((?!https:|#)[^)]+\)/g, '$1');
}
