/** Addresses in many ways of writing, each with marks by which a text shows that it holds one. */

/** A mark stands in the local part, another in the domain. */
const mark = /qzk\d{1,6}[wv]/i;

/** What the JSON of a text is, without its quotes. */
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const all = (text: string, write: (code: string) => string): string =>
  Array.from(text, (character) => write((character.codePointAt(0) ?? 0).toString(16).padStart(2, '0'))).join('');

/** An address of a number. */
const address = (n: number): { local: string; domain: string } => ({
  local: `qzk${n}w`,
  domain: `qzk${n}v.example.org`,
});

/** How an address stands in a JSON text: between its quotes. */
export const spellings: Readonly<Record<string, (n: number) => string>> = Object.fromEntries(
  Object.entries({
    'as it is': (l: string, d: string) => json(`${l}@${d}`),
    'in mixed case': (l: string, d: string) => json(`${l.toUpperCase()}@${d.toUpperCase()}`),
    'its sign escaped for JSON': (l: string, d: string) => `${l}\\u0040${d}`,
    'all of it escaped for JSON': (l: string, d: string) => all(`${l}@${d}`, (hex) => `\\u${hex.padStart(4, '0')}`),
    'escaped for JSON twice': (l: string, d: string) => json(`${l}\\u0040${d}`),
    'escaped for JavaScript': (l: string, d: string) => json(`${l}\\x40${d}`),
    'percent-encoded': (l: string, d: string) => json(`${l}%40${d}`),
    'percent-encoded twice': (l: string, d: string) => json(`${l}%2540${d}`),
    'percent-encoded throughout': (l: string, d: string) => json(all(`${l}@${d}`, (hex) => `%${hex}`)),
    'as a form': (l: string, d: string) => json(`email=${l}%40${d}&name=Jane+Doe`),
    'as an HTML entity': (l: string, d: string) => json(`${l}&commat;${d}`),
    'as a decimal reference': (l: string, d: string) => json(`${l}&#064;${d}`),
    'as a hexadecimal reference': (l: string, d: string) => json(`${l}&#x40;${d}`),
    'as references throughout': (l: string, d: string) => json(all(`${l}@${d}`, (hex) => `&#x${hex};`)),
    'with a wide sign': (l: string, d: string) => json(`${l}＠${d}`),
    'with a wide sign, percent-encoded': (l: string, d: string) => json(`${l}${encodeURIComponent('＠')}${d}`),
    'with a small sign': (l: string, d: string) => json(`${l}﹫${d}`),
    'with a quoted local part': (l: string, d: string) => json(`"${l} x"@${d}`),
    'with a quoted sign': (l: string, d: string) => json(`"${l}@home"@${d}`),
    'with a slash': (l: string, d: string) => json(`a/${l}@${d}`),
    'with an equals sign': (l: string, d: string) => json(`a=${l}@${d}`),
    'with a hash': (l: string, d: string) => json(`a#${l}@${d}`),
    'with whatever RFC 5322 permits': (l: string, d: string) => json(`!#$%&'*+-/=?^_\`{|}~${l}@${d}`),
    'with a long local part': (l: string, d: string) => json(`${'a'.repeat(80)}${l}@${d}`),
    'with a comment': (l: string, d: string) => json(`${l}(home)@(work)${d}`),
    'with letters beyond ASCII': (l: string, d: string) => json(`jürgen.${l}@bücher.${d}`),
    'with another script’s dot': (l: string, d: string) => json(`${l}@${d.replaceAll('.', '。')}`),
    'in punycode': (l: string, d: string) => json(`${l}@xn--bcher-kva.${d}`),
    'without a dot': (l: string) => json(`${l}@localhost`),
    'at an IP address': (l: string) => json(`${l}@[192.0.2.1]`),
    'with a name': (l: string, d: string) => json(`Jane Doe <${l}@${d}>`),
    'in a link': (l: string, d: string) => json(`<a href="mailto:${l}@${d}">write</a>`),
    'in a URL': (l: string, d: string) => json(`https://${l}%40home:pw@${d}/u/${l}@${d}?to=${l}@${d}#${l}@${d}`),
    'in JSON': (l: string, d: string) => json(JSON.stringify({ to: `${l}@${d}`, [`${l}@${d}`]: 1 })),
    'in XML': (l: string, d: string) => json(`<to mail="${l}@${d}">${l}&#64;${d}</to>`),
    'in base64': (l: string, d: string) => Buffer.from(`${l}@${d}`).toString('base64'),
    'in base64, a byte later': (l: string, d: string) => Buffer.from(`<${l}@${d}`).toString('base64'),
    'in base64, two bytes later': (l: string, d: string) => Buffer.from(`:<${l}@${d}`).toString('base64'),
    'in base64 for URLs': (l: string, d: string) => Buffer.from(`"${l}?~"@${d}`).toString('base64url'),
    'in quoted-printable': (l: string, d: string) => json(`${l}=40${d}`),
    'among other text': (l: string, d: string) => json(`Please write to ${l}@${d}, or not.`),
    'with blanks': (l: string, d: string) => json(` ${l} @ ${d} `),
    'on two lines': (l: string, d: string) => json(`${l}@\r\n ${d}`),
  }).map(([name, write]) => [
    name,
    (n: number): string => {
      const { local, domain } = address(n);
      return write(local, domain);
    },
  ]),
);

/** The ways of writing that are undone. */
const undone: readonly ((text: string) => string)[] = [
  (text) => text.normalize('NFKC'),
  (text) => text.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  (text) => text.replace(/\\+(?:u00|x)([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  (text) => text.replace(/&#x0*([0-9a-f]{2});/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  (text) => text.replace(/&#0*(\d{2,3});/g, (_all, code: string) => String.fromCharCode(Number(code))),
  (text) => text.replace(/[\w+/-]{12,}/g, (each) => Buffer.from(each, 'base64').toString('latin1')),
];

/** The first planting that a text holds, however it is written; undefined where it holds none. */
export function planted(text: string): string | undefined {
  const readings = [text, ...undone.map((undo) => undo(text))];
  for (const reading of [...readings, ...readings.flatMap((each) => undone.map((undo) => undo(each)))]) {
    const found = mark.exec(reading);
    if (found !== null) return reading.slice(Math.max(0, found.index - 60), found.index + 60);
  }
  return undefined;
}
