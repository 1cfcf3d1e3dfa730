/** What package.json and docs/settings.md say of the settings, made from their descriptions in the extension. */
import { z } from 'zod';
import { folderRules } from '../src/extension/folder-rules.ts';
import { prefix } from '../src/extension/prefix.ts';
import { settingSections } from '../src/extension/settings.ts';
import type { SettingName } from '../src/extension/settings.ts';

type Schema = Readonly<Record<string, unknown>>;

interface Described {
  readonly schema: z.ZodType;
  readonly means?: string;
  readonly advanced?: true;
}

/** The sections with their settings, in order. */
const sections = Object.entries(settingSections).map(([name, { title, settings }]) => ({
  name,
  title,
  settings: Object.entries<Described>(settings) as [SettingName, Described][],
}));

/** A setting as JSON Schema, as far as VS Code's editors know what to make of it. */
function schemaOf({ schema, means }: Described): Schema & { readonly description?: string } {
  const made: Record<string, unknown> = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // A pattern says what is wrong in words of ours.
      delete jsonSchema.format;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.type === 'string' && jsonSchema.minLength === 1 && jsonSchema.pattern === undefined) {
        delete jsonSchema.minLength;
        Object.assign(jsonSchema, { pattern: String.raw`\S`, patternErrorMessage: 'Enter a value.' });
      }
      const { propertyNames } = jsonSchema;
      if (typeof propertyNames === 'object' && !('pattern' in propertyNames)) delete jsonSchema.propertyNames;
    },
  });
  delete made['$schema'];
  return means === undefined ? made : { description: means, ...made };
}

/** The English texts, by their keys in package.nls.json. What is said twice is translated once. */
const texts = new Map<string, string>();

/** What stands in package.json for a text. */
function placeholder(key: string, text: string): string {
  const [known] = [...texts].find(([, each]) => each === text) ?? [key];
  if (texts.has(known) && texts.get(known) !== text) throw new Error(`${known} has two texts`);
  texts.set(known, text);
  return `%${known}%`;
}

/** A schema with placeholders for its texts. @param key of its description */
function withPlaceholders(schema: Schema, key: string): Schema {
  const within = (value: unknown, name = key): unknown =>
    typeof value === 'object' && value !== null ? withPlaceholders(value as Schema, name) : value;
  const members = Object.entries(schema).map(([member, value]): [string, unknown] => {
    switch (member) {
      case 'description':
        return [member, placeholder(key, value as string)];
      case 'patternErrorMessage':
        return [member, placeholder(`${key}.error`, value as string)];
      case 'enumDescriptions': {
        const values = schema['enum'] as readonly string[];
        return [
          member,
          (value as readonly string[]).map((text, at) => placeholder(`${key}.${values[at] ?? ''}`, text)),
        ];
      }
      case 'properties':
        return [
          member,
          Object.fromEntries(
            Object.entries(value as Schema).map(([name, each]) => [name, within(each, `${key}.${name}`)]),
          ),
        ];
      case 'propertyNames':
        return [member, within(value, `${key}.name`)];
      case 'items':
      case 'additionalProperties':
        return [member, within(value)];
      default:
        return [member, value];
    }
  });
  return Object.fromEntries(members);
}

/** A setting as `contributes.configuration` has it. @param order from 1, in its section */
function propertyOf(name: SettingName, described: Described, order: number): Schema {
  const { advanced } = described;
  const { description, ...made } = withPlaceholders(schemaOf(described), `setting.${name}`);
  return {
    ...made,
    markdownDescription: description,
    scope: folderRules[name] === 'never' ? 'machine' : 'window',
    order,
    ...(advanced && { tags: ['advanced'] }),
  };
}

/** `contributes.configuration`. */
export const configuration: readonly object[] = sections.map(({ name, title, settings }, index) => ({
  title: placeholder(`settings.${name}`, title),
  order: index + 1,
  properties: Object.fromEntries(
    settings.map(([each, described], at) => [`${prefix}.${each}`, propertyOf(each, described, at + 1)]),
  ),
}));

/** The settings of which VS Code leaves out what an untrusted folder says. */
export const restrictedConfigurations: readonly string[] = sections.flatMap(({ settings }) =>
  settings.filter(([name]) => folderRules[name] !== undefined).map(([name]) => `${prefix}.${name}`),
);

/** The English texts of both, by their keys in package.nls.json. */
export const textsOfSettings: Readonly<Record<string, string>> = Object.fromEntries(texts);

const inFolder = { never: 'no', trusted: 'once you trust it' } as const;

/** What a table says of a value. */
const inCell = (value: unknown): string => `\`${JSON.stringify(value)}\``;

/** A row of docs/settings.md. */
function rowOf(name: SettingName, described: Described): string {
  const folder = folderRules[name];
  const made = schemaOf(described);
  const { enum: values = [], enumDescriptions = [] } = made as Partial<Record<string, readonly string[]>>;
  const members = Object.entries((made['properties'] ?? {}) as Readonly<Record<string, Schema>>);
  const meanings = [
    ...values.map((value, at) => `\`${value}\`: ${enumDescriptions[at] ?? ''}`),
    ...members.map(([member, each]) => `\`${member}\` (${inCell(each['default'])}): ${String(each['description'])}`),
  ];
  const cells = [
    `\`${name}\``,
    members.length === 0 ? inCell(made['default']) : 'of each member',
    folder === undefined ? 'yes' : inFolder[folder],
    [made.description ?? '', ...meanings].join(' '),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

/** docs/settings.md, as it is before it is formatted. */
export const settingsPage = [
  '# The settings of the extension\n',
  'Each name follows `campaignMonitorRelay.`, in the sections of the settings editor. A value in a folder’s own settings',
  'applies always, applies once you trust the folder, or never applies. For the fields of a destination, see',
  '[forwarding.md](forwarding.md); for tunnels, see [tunnels.md](tunnels.md).',
  ...sections.flatMap(({ title, settings }) => [
    `\n## ${title}\n`,
    '| setting | default | in a folder | means |',
    '| --- | --- | --- | --- |',
    ...settings.map(([name, described]) => rowOf(name, described)),
  ]),
].join('\n');
