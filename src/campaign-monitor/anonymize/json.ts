import { isCustomFields, roleOf, type Role } from './field-roles.ts';
import { isKnownName } from './known.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface JsonReplacements {
  text(original: string, role: Role): string;
  number(original: number): number;
  key(original: string, inCustomField: boolean): string;
}

/** Deeper JSON is not walked, since the walks are recursive. No vendor nests deeper than ten. */
const deepestWalked = 100;

export function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [piece] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/gs)) {
    if (piece === '{' || piece === '[') depth += 1;
    else if (piece === '}' || piece === ']') depth -= 1;
    if (depth > deepestWalked) return true;
  }
  return false;
}

interface Place {
  readonly name: string;
  readonly custom: boolean;
}

const top: Place = { name: '', custom: false };

export function isOpenKey(name: string, inCustomField: boolean): boolean {
  return inCustomField ? /^(?:key|value)$/i.test(name) : isKnownName(name);
}

export function replaceJson(value: Json, replacements: JsonReplacements, place = top): Json {
  if (typeof value === 'string') return replacements.text(value, roleOf(place.name, place.custom));
  if (typeof value === 'number') return replacements.number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => replaceJson(item, replacements, place));
  // Entries, so that a field named __proto__ stays a field.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      replacements.key(key, place.custom),
      replaceJson(item, replacements, { name: key, custom: place.custom || isCustomFields(key) }),
    ]),
  );
}

export function eachString(value: Json, visit: (original: string, role: Role) => void, place = top): void {
  if (typeof value === 'string') {
    visit(value, roleOf(place.name, place.custom));
  } else if (Array.isArray(value)) {
    for (const item of value) eachString(item, visit, place);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (!isOpenKey(key, place.custom)) visit(key, 'customKey');
      eachString(item, visit, { name: key, custom: place.custom || isCustomFields(key) });
    }
  }
}
