import { isIP, isIPv6 } from 'node:net';
import type { Role } from './field-roles.ts';
import { constants, isKnownDate, isKnownName, isKnownWord } from './known.ts';
import { isOpenKey, isTooDeep, replaceJson, type Json, type JsonReplacements } from './json.ts';

const date = /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

export class Replacements implements JsonReplacements {
  readonly #originals = new Set<string>();
  readonly #texts = new Map<string, string>();
  readonly #numbers = new Map<number, number>();
  readonly #names = new Map<string, string>();
  readonly #counters = new Map<string, number>();

  /** No replacement equals an original. */
  note(original: string, role: Role): void {
    if (role !== 'word' && role !== 'date' && role !== 'topic') this.#originals.add(original.toLowerCase());
  }

  text(original: string, role: Role): string {
    if (original.trim() === '') return original === '' ? '' : ' ';
    if (constants.has(original)) return original;
    if (role === 'word' && isKnownWord(original) && !this.#originals.has(original.toLowerCase())) return original;
    if (role === 'date' && isKnownDate(original)) return original;
    const topic = role === 'topic' ? /^instance-(\d{1,15})-campaignmonitor-events$/.exec(original)?.[1] : undefined;
    if (topic !== undefined) return `instance-${this.number(Number(topic))}-campaignmonitor-events`;
    const known = this.#texts.get(original);
    if (known !== undefined) return known;
    const replacement = this.#embedded(original) ?? this.#make(original, role);
    this.#texts.set(original, replacement);
    return replacement;
  }

  /** A number of the same kind: zero stays zero, a fraction a fraction, a negative one negative. */
  number(original: number): number {
    if (original === 0) return original;
    let replacement = this.#numbers.get(original);
    if (replacement === undefined) {
      const n = this.#next('number') + (Number.isInteger(original) ? 0 : 0.5);
      replacement = original < 0 ? -n : n;
      this.#numbers.set(original, replacement);
    }
    return replacement;
  }

  /** A field's name is kept if it may be a vendor's. */
  key(original: string, inCustomField: boolean): string {
    return isOpenKey(original, inCustomField) ? original : this.text(original, 'customKey');
  }

  /** The replacement is a valid name, too. */
  name(original: string, of: 'element' | 'header'): string {
    if (isKnownName(original) || (of === 'header' && /^cf-ray$/i.test(original))) return original;
    const key = `${of} ${of === 'header' ? original.toLowerCase() : original}`;
    const replacement =
      this.#names.get(key) ?? this.#unused(of, (n) => (of === 'header' ? `X-Header-${n}` : `Field${n}`));
    this.#names.set(key, replacement);
    return replacement;
  }

  /** JSON inside a string, for a vendor that passes on the body as text. */
  #embedded(original: string): string | undefined {
    if (!/^\s*[[{]/.test(original)) return undefined;
    try {
      const value = JSON.parse(original) as Json;
      return isTooDeep(original) ? undefined : JSON.stringify(replaceJson(value, this));
    } catch {
      return undefined;
    }
  }

  #make(original: string, role: Role): string {
    return this.#unused(...placeholder(original, role));
  }

  #unused(counter: string, form: (n: number) => string): string {
    for (;;) {
      const candidate = form(this.#next(counter));
      if (!this.#originals.has(candidate.toLowerCase())) return candidate;
    }
  }

  #next(counter: string): number {
    const n = (this.#counters.get(counter) ?? 0) + 1;
    this.#counters.set(counter, n);
    return n;
  }
}

function placeholder(original: string, role: Role): [counter: string, form: (n: number) => string] {
  if (/^[^@\s]+@[^@\s]+$/.test(original)) return ['address', (n) => `person${n}@example.org`];
  if (isIPv6(original)) return ['ipv6', (n) => `2001:db8::${n.toString(16)}`];
  if (isIP(original) !== 0) return ['ipv4', documentationAddress];
  if (/^[0-9a-f]{16,64}$/i.test(original)) {
    return ['id', (n) => n.toString(16).padStart(original.length, '0')];
  }
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(original)) {
    return ['id', (n) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`];
  }
  if (/^https?:\/\//i.test(original)) return ['url', (n) => `https://example.org/${n}`];
  if (date.test(original)) {
    const rest = original.slice(10).replace(/\d/g, '0');
    return ['date', (n) => new Date(Date.UTC(2000, 0, n)).toISOString().slice(0, 10) + rest];
  }
  const digits = /^([+-]?)\d+(?:([.,])\d+)?$/.exec(original);
  if (digits !== null) {
    const [, sign = '', point] = digits;
    return ['digits', (n) => `${sign}${n}${point === undefined ? '' : `${point}5`}`];
  }
  const ascii = /^\p{ASCII}*$/u.test(original);
  const label = labels[role][ascii ? 0 : 1];
  // Whether a custom field's key has brackets differs between the vendor's interfaces, and should be visible.
  const bracketed = role === 'customKey' && original.startsWith('[') && original.endsWith(']');
  return [label, bracketed ? (n) => `[${label}${n}]` : (n) => `${label} ${n}`];
}

const labels: Record<Role, readonly [ascii: string, beyond: string]> = {
  name: ['Person', 'Persön'],
  customKey: ['Field', 'Fiëld'],
  customValue: ['Value', 'Välue'],
  word: ['Word', 'Wörd'],
  date: ['When', 'Whën'],
  topic: ['Topic', 'Töpic'],
  value: ['Text', 'Tëxt'],
};

/** An IPv4 address of the ranges reserved for documentation (RFC 5737); if they are used up, a private one. */
function documentationAddress(n: number): string {
  const range = ['192.0.2', '198.51.100', '203.0.113'][Math.floor((n - 1) / 254)];
  if (range !== undefined) return `${range}.${((n - 1) % 254) + 1}`;
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}
