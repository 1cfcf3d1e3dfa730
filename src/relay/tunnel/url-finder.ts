import { expressionOf, memberAt, type Placeholder, type UrlSource } from '../../protocol/tunnel-program.ts';

const mostUrls = 16;
const mostFurther = 1_000;

export class UrlFinder {
  readonly #source: UrlSource;
  readonly #values: Readonly<Partial<Record<Placeholder, string>>>;
  readonly #pattern: RegExp | null;
  readonly #after: RegExp | null;
  readonly #found: string[] = [];
  #further: ((url: string) => void) | null = null;
  #latest = '';
  #told = 0;
  #isAfter: boolean;

  constructor(source: UrlSource, values: Readonly<Partial<Record<Placeholder, string>>>) {
    this.#source = source;
    this.#values = values;
    const pattern = source.from === 'name' ? source.ready : source.from === 'json' ? undefined : source.pattern;
    this.#pattern = pattern === undefined ? null : expressionOf(pattern, values);
    const after = source.from === 'output' ? source.after : undefined;
    this.#after = after === undefined ? null : expressionOf(after, values);
    this.#isAfter = this.#after === null;
  }

  get found(): readonly string[] {
    return this.#found;
  }

  /** Which URL to use if all are names of one tunnel; undefined if they aren't. */
  get several(): 'first' | 'latest' | undefined {
    return this.#source.from === 'output' ? this.#source.several : undefined;
  }

  onFurther(use: (url: string) => void): void {
    this.#further = use;
  }

  take(line: string): void {
    const url = this.#urlIn(line);
    if (url === null) return;
    if (this.#further === null) {
      if (!this.#found.includes(url) && this.#found.length < mostUrls) this.#found.push(url);
    } else if (url !== this.#latest && this.#told++ < mostFurther) this.#further(url);
    this.#latest = url;
  }

  #urlIn(line: string): string | null {
    switch (this.#source.from) {
      case 'name':
        return this.#pattern?.test(line) === true ? withScheme(this.#values.name ?? '') : null;
      case 'json': {
        if (!line.startsWith('{')) return null;
        const json = jsonOf(line);
        const { pointer, where = {} } = this.#source;
        const isIt = Object.entries(where).every(([name, value]) => memberAt(json, `/${name}`) === value);
        const member = isIt ? memberAt(json, pointer) : undefined;
        return typeof member === 'string' && member !== '' ? withScheme(member) : null;
      }
      case 'output':
        return this.#inOutput(line);
    }
  }

  #inOutput(line: string): string | null {
    let rest = line;
    const mark = this.#after?.exec(line);
    if (mark !== null && mark !== undefined) {
      this.#isAfter = true;
      rest = line.slice(mark.index + mark[0].length);
    }
    if (!this.#isAfter) return null;
    const match = this.#pattern?.exec(rest);
    return match === null || match === undefined ? null : withScheme(match[1] ?? match[0]);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withScheme(found: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(found) ? found : `https://${found}`;
}
