/**
 * A text in which characters may be escaped as in URLs, forms, JSON, JavaScript and HTML: `%2F`, `+`, `\/`, `\u002f`,
 * `\x2f`, `&#x2F;`, `&amp;`, with hex digits of either case, and such an escape inside another.
 */

/** A character as it may be read at a position. */
export interface Reading {
  /** A UTF-16 unit, a code point, or {@link byteFlag} and a byte of UTF-8 that is no character by itself. */
  readonly code: number;
  /** Position after it. */
  readonly end: number;
}

/** Distinguishes a byte of a UTF-8 sequence, such as `%C3`, from the character with that number. */
export const byteFlag = 0x20_0000;

/** Maximum layers of escapes. */
const deepest = 2;

const [percent, backslash, ampersand, plus, letterU, letterX, semicolon, hash] = Array.from('%\\&+ux;#', (sign) =>
  sign.charCodeAt(0),
) as [number, number, number, number, number, number, number, number];

/** Whether an escape may begin with this UTF-16 unit. */
export function beginsEscape(unit: number): boolean {
  return unit === percent || unit === backslash || unit === ampersand || unit === plus;
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  sol: '/',
  plus: '+',
  equals: '=',
  percnt: '%',
  bsol: '\\',
  colon: ':',
};

/** Characters after a backslash, and their meaning. */
const behindBackslash: ReadonlyMap<number, number> = new Map(
  Object.entries({ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '/': '/', '\\': '\\' }).map(
    ([written, meant]) => [written.charCodeAt(0), meant.charCodeAt(0)],
  ),
);

/** Maximum length between `&` and `;`, in characters: `#x10FFFF` with some zeros. */
const longestReference = 12;

/** Positions remembered per depth: those read again are close by. */
const mostKnown = 4096;

export class EscapedText {
  readonly text: string;
  /** Earlier results, by depth; only of positions where an escape may begin. */
  readonly #known = Array.from({ length: deepest + 1 }, () => new Map<number, readonly Reading[]>());

  constructor(text: string) {
    this.text = text;
  }

  /**
   * All possible readings at a position, the unescaped character first.
   * @param at less than the text's length
   * @param depth layers of escapes to resolve
   */
  readings(at: number, depth = deepest): readonly Reading[] {
    const unit = this.text.charCodeAt(at);
    if (depth === 0 || !beginsEscape(unit)) return [{ code: unit, end: at + 1 }];
    const known = this.#known[depth]?.get(at);
    if (known !== undefined) return known;
    const found = [...this.readings(at, depth - 1)];
    for (const { code, end } of [...found]) {
      for (const reading of this.#behind(code, end, depth - 1)) {
        if (!found.some((other) => other.code === reading.code && other.end === reading.end)) found.push(reading);
      }
    }
    const places = this.#known[depth];
    if (places !== undefined && places.size >= mostKnown) places.clear();
    places?.set(at, found);
    return found;
  }

  /** Readings of an escape whose first character has been read. */
  #behind(first: number, at: number, depth: number): Reading[] {
    switch (first) {
      case plus:
        return [{ code: 0x20, end: at }];
      case percent:
        return this.#hex(at, 2, depth).map(({ code, end }) => ({ code: code < 0x80 ? code : byteFlag + code, end }));
      case backslash:
        return this.#afterBackslash(at, depth);
      case ampersand:
        return this.#reference(at, depth);
      default:
        return [];
    }
  }

  #afterBackslash(at: number, depth: number): Reading[] {
    if (at >= this.text.length) return [];
    const found: Reading[] = [];
    for (const { code, end } of this.readings(at, depth)) {
      const meant = behindBackslash.get(code);
      if (meant !== undefined) found.push({ code: meant, end });
      else if (code === letterU) found.push(...this.#hex(end, 4, depth));
      else if (code === letterX) found.push(...this.#hex(end, 2, depth));
    }
    return found;
  }

  #reference(at: number, depth: number): Reading[] {
    let reference = '';
    for (let place = at; reference.length <= longestReference;) {
      const next = this.#pick(place, depth, isOfReference);
      if (next === undefined) return [];
      place = next.end;
      if (next.code !== semicolon) {
        reference += String.fromCharCode(next.code);
        continue;
      }
      const [, hex, decimal] = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(reference) ?? [];
      const code =
        hex !== undefined
          ? parseInt(hex, 16)
          : decimal !== undefined
            ? Number(decimal)
            : named[reference.toLowerCase()]?.charCodeAt(0);
      return code === undefined || code > 0x10_ffff ? [] : [{ code, end: place }];
    }
    return [];
  }

  #hex(at: number, digits: number, depth: number): Reading[] {
    let code = 0;
    let end = at;
    for (let index = 0; index < digits; index++) {
      const digit = this.#pick(end, depth, isHexDigit);
      if (digit === undefined) return [];
      code = 16 * code + parseInt(String.fromCharCode(digit.code), 16);
      end = digit.end;
    }
    return [{ code, end }];
  }

  /** The reading of a kind at a position: at most one, since no escape begins with such a character. */
  #pick(at: number, depth: number, isOfKind: (code: number) => boolean): Reading | undefined {
    if (at >= this.text.length) return undefined;
    const unit = this.text.charCodeAt(at);
    if (!beginsEscape(unit)) return isOfKind(unit) ? { code: unit, end: at + 1 } : undefined;
    return this.readings(at, depth).find(({ code }) => isOfKind(code));
  }
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isOfReference(code: number): boolean {
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isLetter || isDigit(code) || code === hash || code === semicolon;
}
