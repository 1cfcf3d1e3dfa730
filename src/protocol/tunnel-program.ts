import { z } from 'zod';

export const placeholders = {
  port: 'the port of the webhook endpoint on 127.0.0.1',
  name: 'the user’s own name or host name with the service',
  server: 'the user’s own SSH server',
  remotePort: 'the port on the SSH server that leads here',
  knownHosts: 'the file in which ssh keeps the keys of servers',
  empty: 'an empty file',
} as const;
export type Placeholder = keyof typeof placeholders;

const placeholderForm = /\{([A-Za-z]\w*)\}/g;

/** Unknown ones too. */
export function placeholdersIn(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.flatMap((text) => [...text.matchAll(placeholderForm)].map(([, name = '']) => name)));
}

const argument = z
  .string()
  .max(2000)
  .refine((text) => [...placeholdersIn([text])].every((name) => Object.hasOwn(placeholders, name)), {
    error: `unknown placeholder; known are ${Object.keys(placeholders)
      .map((name) => `{${name}}`)
      .join(', ')}`,
  });
const args = z.array(argument).max(100);

const pattern = z
  .string()
  .min(1)
  .max(500)
  .refine((text) => {
    try {
      return new RegExp(text.replace(placeholderForm, 'x'), 'i') instanceof RegExp;
    } catch {
      return false;
    }
  }, 'not a valid regular expression');

/** A JSON pointer (RFC 6901). */
const pointer = z.string().regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'not a JSON pointer such as /url');

/** From its own output, because any program may respond at a port. A host name without a scheme gets https://. */
const urlSource = z.discriminatedUnion('from', [
  z.strictObject({
    from: z.literal('output'),
    pattern: pattern.describe('Its first group, or else the whole match, is the URL.'),
    after: pattern.optional().describe('Only what follows this in the output is searched.'),
    several: z
      .enum(['first', 'latest'])
      .optional()
      .describe(
        'The program prints several names of the same tunnel: the first one is used, or the first and then each later one.',
      ),
  }),
  z.strictObject({
    from: z.literal('json'),
    pointer: pointer.describe('The member of a line of JSON that holds the URL.'),
    where: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .describe('Other members that the line must have.'),
  }),
  z.strictObject({
    from: z.literal('name'),
    ready: pattern.describe('The URL is the name that the user gave. It is used when this is in the output.'),
  }),
]);
export type UrlSource = z.infer<typeof urlSource>;

const step = z.strictObject({
  args,
  mayFail: z.boolean().optional().describe('Whether it may fail, such as because it was done before.'),
});

export const obstacles = [
  'browser-warning',
  'ends-after-an-hour',
  'url-changes',
  'own-tailnet-check',
  'outages',
] as const;
export const costs = ['free', 'free-account', 'own-server', 'unknown'] as const;
export type Cost = (typeof costs)[number];

export const tunnelProgramSchema = z.strictObject({
  program: z.string().min(1).max(1000).describe('The program: its absolute path, or its name in the PATH.'),
  args: args.describe('Its arguments. {port} stands for the port of the webhook endpoint.'),
  url: urlSource.describe('Where the program tells its public URL.'),
  setUp: z.array(step).max(5).optional().describe('Arguments of the same program to be run before, in this order.'),
  named: z
    .strictObject({
      args,
      url: urlSource.optional(),
      setUp: z.array(step).max(5).optional(),
      older: z
        .strictObject({ saying: z.string().min(1).max(200), args })
        .optional()
        .describe('Other arguments for a version that ends with these words.'),
    })
    .optional()
    .describe('What is different where the user has a name of their own with the service.'),
  environment: z
    .array(z.string().regex(/^[A-Za-z_][\w]*\*?$/))
    .max(20)
    .optional()
    .describe('Environment variables that are passed on besides the usual ones. * at the end: any that start so.'),
  notSignedIn: pattern.optional().describe('What the program prints where it has no account.'),
  signIn: z.string().max(200).optional().describe('The command that signs in.'),
  signedIn: z
    .strictObject({ args, pattern })
    .optional()
    .describe('Arguments that print whether the user is signed in, and what they print then.'),
  byHand: argument.optional().describe('What to run in a terminal to see what is wrong.'),
  needsYou: pattern.optional().describe('What the program prints where only the user can go on.'),
  stable: z.enum(['always', 'with-name', 'no']).default('no').describe('Whether the URL stays the same.'),
  obstacles: z.array(z.enum(obstacles)).optional().describe('What stands in a sender’s way.'),
  cost: z.enum(costs).default('unknown'),
  install: z
    .url({ protocol: /^https$/ })
    .optional()
    .describe('Where to get the program.'),
});
export type TunnelProgram = z.infer<typeof tunnelProgramSchema>;

export function filled(
  text: string,
  values: Readonly<Partial<Record<Placeholder, string>>>,
  as: (value: string) => string = (value) => value,
): string {
  return text.replace(placeholderForm, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name as Placeholder] : undefined;
    return value === undefined ? whole : as(value);
  });
}

export function expressionOf(text: string, values: Readonly<Partial<Record<Placeholder, string>>> = {}): RegExp {
  return new RegExp(
    filled(text, values, (value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')),
    'i',
  );
}

export function memberAt(document: unknown, path: string): unknown {
  let at = document;
  for (const part of path.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}
