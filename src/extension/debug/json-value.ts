/** JSON as the debugger shows it and lets it be edited. Text from outside in it is made visible, and stays JSON. */

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** The keys and indexes that lead to a value. */
export type JsonPath = readonly (string | number)[];

/** What a preview of an object shows of it. */
const mostPreviewed = 4;
const mostOfPreview = 40;

/** What JSON leaves as it is, and nobody sees: marks of direction, separators, and their like. */
const unseen = /[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/gu;

/** A value as JSON text on one line, in which all can be seen. */
export function jsonText(value: Json): string {
  return JSON.stringify(value).replace(unseen, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Whether there is something in a value to be unfolded. */
export function isContainer(value: Json): value is readonly Json[] | { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null;
}

/** A value in short: a container by its first members, anything else whole. */
export function previewOf(value: Json): string {
  if (!isContainer(value)) return jsonText(value);
  if (isList(value)) return `[${value.length}]`;
  const names = Object.keys(value);
  const shown = names.slice(0, mostPreviewed).map((name) => {
    const member = value[name] ?? null;
    const text = isContainer(member) ? (isList(member) ? `[${member.length}]` : '{…}') : jsonText(member);
    return `${jsonText(name).slice(1, -1)}: ${cut(text)}`;
  });
  return `{${shown.join(', ')}${names.length > shown.length ? ', …' : ''}}`;
}

function cut(text: string): string {
  return text.length > mostOfPreview ? `${text.slice(0, mostOfPreview)}…` : text;
}

/** Whether a value is a list: TypeScript's own test does not see readonly ones. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** The type of a value, as JSON names it. */
export function typeOf(value: Json): string {
  if (value === null) return 'null';
  return isList(value) ? 'array' : typeof value;
}

/** The members of a container, in their order. */
export function membersOf(value: Json): [string, Json][] {
  if (!isContainer(value)) return [];
  return isList(value) ? value.map((each, index) => [String(index), each]) : Object.entries(value);
}

/** The value at the end of a path; undefined where there is none. */
export function valueAt(value: Json, path: JsonPath): Json | undefined {
  let found: Json | undefined = value;
  for (const step of path) {
    if (found === undefined || !isContainer(found)) return undefined;
    const members: Readonly<Record<string, Json>> | readonly Json[] = found;
    found = Object.hasOwn(members, step) ? (members as Readonly<Record<string, Json>>)[step] : undefined;
  }
  return found;
}

/** The same value with another at the end of a path. */
export function withValueAt(value: Json, path: JsonPath, other: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return other;
  if (!isContainer(value)) return value;
  if (isList(value))
    return value.map((each, index) => (index === Number(step) ? withValueAt(each, rest, other) : each));
  // By entries: a member may be called __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === step ? withValueAt(each, rest, other) : each]),
  );
}

/**
 * Reads what was typed in the place of a value.
 * @param before what stood there: a text needs no quotes in the place of a text
 * @throws SyntaxError where it is no JSON
 */
export function readTyped(typed: string, before: Json): Json {
  try {
    return JSON.parse(typed) as Json;
  } catch (error) {
    if (typeof before === 'string' && !/^\s*["[{]/.test(typed)) return typed;
    throw error;
  }
}
