/** Finds email addresses in texts, however they are escaped, and replaces them. */
import { createHmac, randomBytes } from 'node:crypto';

/** Maximum layers of escapes to resolve. */
const maxLayers = 4;

const named: Readonly<Record<string, string>> = { commat: '@', amp: '&', percnt: '%', bsol: '\\', num: '#', semi: ';' };

/** Resolves the escapes of URLs, forms, JSON, JavaScript, HTML and quoted-printable, and full-width characters. */
function resolveEscapes(text: string): string {
  let read = text;
  for (let layer = 0; layer < maxLayers; layer++) {
    const next = read
      .normalize('NFKC')
      .replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString())
      .replace(/=([0-7][0-9a-f])/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
      .replace(/\\{1,8}(?:u00|x|u\{0*)([0-7][0-9a-f])\}?/gi, (_all, hex: string) =>
        String.fromCharCode(parseInt(hex, 16)),
      )
      .replace(/&#x0*([0-7][0-9a-f]);?/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
      .replace(/&#0*(\d{2,3});?/g, (_all, code: string) => String.fromCharCode(Number(code)))
      .replace(/&([a-z]{2,6});/gi, (all, name: string) => named[name.toLowerCase()] ?? all);
    if (next === read) break;
    read = next;
  }
  return read;
}

/** An address that is encoded in base64, at any of the four positions where a group of characters can start. */
function findInBase64(text: string): string | undefined {
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{8,}/g)) {
    for (const start of [0, 1, 2, 3]) {
      const decoded = resolveEscapes(Buffer.from(run.slice(start), 'base64').toString());
      const found =
        /(?:[^\s\ufffd"'<>(),;:=/]{1,64}|[^\s\ufffd])@(?:\[[\d.]{7}|[\p{L}\p{N}-]{3})[\p{L}\p{N}.\]-]{0,255}/u.exec(
          decoded,
        );
      if (found !== null) return found[0];
    }
  }
  return undefined;
}

function hasAddress(text: string): boolean {
  const read = /[%=\\&\u0080-\uffff]/.test(text) ? resolveEscapes(text) : text;
  return read.includes('@') || findInBase64(read) !== undefined;
}

/** Replaces addresses by marks: an instance gives the same address the same mark. Stores no addresses. */
export class AddressMask {
  readonly #key = randomBytes(32);

  markOf(address: string): string {
    const same = address
      .trim()
      .replace(/[.,;]$/, '')
      .normalize('NFKC')
      .toLowerCase();
    return `address-${createHmac('sha256', this.#key).update(same).digest('hex').slice(0, 10)}`;
  }

  /** Replaces each word that contains an address. A quoted text belongs to its word; the origin of a URL is kept. */
  replaceIn(text: string): string {
    if (!hasAddress(text)) return text;
    // Blanks beside the sign, and in a quoted local part, belong to the address.
    const joined = text
      .replace(/\s{0,20}([@＠﹫])\s{0,20}/g, '$1')
      .replace(/"[^"]{1,200}"(?=[@＠﹫%&\\=])/g, (quoted) => quoted.replace(/\s/g, ''));
    return joined.replace(/(?:"[^"]*"|\S)+/g, (word) => (hasAddress(word) ? this.#replaceWord(word) : word));
  }

  #replaceWord(word: string): string {
    const origin = /^https?:\/\/[\w.:[\]-]+\//i.exec(word)?.[0] ?? '';
    const read = resolveEscapes(word);
    const address = /[^\s"'<>(),;:=/]{1,320}@[^\s"'<>(),;:/?#]{1,255}/.exec(read)?.[0] ?? findInBase64(read) ?? word;
    return origin + this.markOf(address);
  }
}
