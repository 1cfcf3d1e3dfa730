export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export type JsonPath = readonly (string | number)[];

const mostPreviewed = 4;
const mostOfPreview = 40;

/** Invisible characters that JSON doesn't escape, such as direction marks and separators. */
const unseen = /[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/gu;

export function jsonText(value: Json): string {
  return JSON.stringify(value).replace(unseen, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

export function isContainer(value: Json): value is readonly Json[] | { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null;
}

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

/** `Array.isArray` doesn't narrow readonly arrays. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function typeOf(value: Json): string {
  if (value === null) return 'null';
  return isList(value) ? 'array' : typeof value;
}

export function membersOf(value: Json): [string, Json][] {
  if (!isContainer(value)) return [];
  return isList(value) ? value.map((each, index) => [String(index), each]) : Object.entries(value);
}

export function valueAt(value: Json, path: JsonPath): Json | undefined {
  let found: Json | undefined = value;
  for (const step of path) {
    if (found === undefined || !isContainer(found)) return undefined;
    const members: Readonly<Record<string, Json>> | readonly Json[] = found;
    found = Object.hasOwn(members, step) ? (members as Readonly<Record<string, Json>>)[step] : undefined;
  }
  return found;
}

export function withValueAt(value: Json, path: JsonPath, other: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return other;
  if (!isContainer(value)) return value;
  if (isList(value))
    return value.map((each, index) => (index === Number(step) ? withValueAt(each, rest, other) : each));
  // A member may be called __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === step ? withValueAt(each, rest, other) : each]),
  );
}

/** @param before if it is a string, the input needs no quotes @throws SyntaxError if the input isn't JSON */
export function readTyped(typed: string, before: Json): Json {
  try {
    return JSON.parse(typed) as Json;
  } catch (error) {
    if (typeof before === 'string' && !/^\s*["[{]/.test(typed)) return typed;
    throw error;
  }
}
