/** VS Code's preview of Markdown: markdown-it as its extension markdown-language-features sets it up. */
import { createRequire } from 'node:module';

interface Token {
  readonly type: string;
  readonly content: string;
  readonly children: readonly Token[] | null;
}

interface MarkdownIt {
  readonly linkify: { set(options: object): void };
  parse(text: string, env: object): Token[];
}

const create = createRequire(import.meta.url)('markdown-it') as (options: object) => MarkdownIt;
const preview = create({ html: true, linkify: true });
preview.linkify.set({ fuzzyLink: false });

/** What a preview makes of a document, in order: `heading_open`, `text`, `link_open`, `html_inline` and their like. */
export function previewed(markdown: string): string[] {
  const types = (tokens: readonly Token[]): string[] =>
    tokens.flatMap(({ type, children }) => [type, ...types(children ?? [])]);
  return types(preview.parse(markdown, {}));
}
