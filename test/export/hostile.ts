/** Bodies, headers and URLs that hold what HTTP clients act on. */
import fc from 'fast-check';

/** What a canary watches: a file to be written, a file with a secret, and a server that nobody should ask. */
export interface Canaries {
  readonly written: string;
  readonly secretFile: string;
  readonly secondServer: string;
}

function hostileLines({ written, secretFile, secondServer }: Canaries): string[] {
  const write = `require('fs').writeFileSync('${written}', 'x')`;
  return [
    '?? status == 500',
    `?? js ${write} == 1`,
    '@name = value',
    '@host=http://evil.example',
    `@lazy := {{${write}}}`,
    '# comment',
    '// comment',
    '# @name stolen',
    '# @import ./other.http',
    '# @loop for 3',
    '# @disabled',
    `# @ref ${secretFile}`,
    '// @no-log',
    '/*',
    '*/',
    '###',
    '### next',
    ' \u00a0### next',
    '{{$processEnv CANARY}}',
    '{{$dotenv CANARY}}',
    '{{$guid}}',
    '{{name}}',
    `{{${write}}}`,
    '{{',
    write,
    '}}',
    '{{@request',
    '{{+',
    '{{< ./other.http}}',
    `{{< ${secretFile}}}`,
    '\\{\\{name\\}\\}',
    `< ${secretFile}`,
    `<@ ${secretFile}`,
    `<@latin1 ${secretFile}`,
    '<> ./earlier.http',
    '< {%',
    `< {% ${write} %}`,
    '> {%',
    `> {% ${write} %}`,
    '%}',
    '> ./script.js',
    `> ${secretFile}`,
    `>> ${written}`,
    `>>! ${written}`,
    `GET ${secondServer}/get`,
    `POST ${secondServer}/post HTTP/1.1`,
    `${secondServer}/bare`,
    `SSE ${secondServer}/events`,
    `WS ${secondServer.replace('http', 'ws')}/socket`,
    `GRAPHQL ${secondServer}/graphql`,
    'HTTP/1.1 200 OK',
    'HTTP/1.1 200 - OK',
    'query all { a }',
    'mutation m { a }',
    `gql all < ${secretFile}`,
    `proto < ${secretFile}`,
    '===',
    '=== wait-for-server',
    'a ===',
    '<--->',
    '{"a":"<--->"}',
    '---',
    '--boundary',
    '--boundary--',
    'Content-Disposition: form-data; name="a"',
    '...headers',
    '?a=b',
    '&a=b',
    '/path',
    '',
    ' ',
    '\t',
    `curl ${secondServer}`,
    '{"a":"{{$processEnv CANARY}}"}',
    `{"a":"{{${write}}}"}`,
    '{"a":1}',
    '[1,2]',
    '<a>b</a>',
    `<a>{{${write}}}</a>`,
  ];
}

/** Bodies of any bytes, most of them with lines that a client acts on. */
export function hostileBodies(canaries: Canaries): fc.Arbitrary<Buffer> {
  const line = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...hostileLines(canaries)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  );
  const ends = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\u2028', '\u2029', '\v', '\x00');
  const text = fc
    .tuple(fc.constantFrom('', '', '', '\ufeff', '\n', ' '), fc.array(fc.tuple(line, ends), { maxLength: 6 }))
    .map(([start, lines]) => start + lines.map(([each, end], i) => each + (i < lines.length - 1 ? end : '')).join(''));
  const inJson = fc
    .array(fc.oneof(fc.constantFrom(...hostileLines(canaries)), fc.string({ unit: 'binary', maxLength: 8 })), {
      minLength: 1,
      maxLength: 3,
    })
    .map((lines) => JSON.stringify({ Events: lines.map((each) => ({ [each]: each })) }));
  const inXml = fc.constantFrom(...hostileLines(canaries)).map((each) => `<a><b>${each}</b></a>`);
  return fc.oneof(
    { weight: 5, arbitrary: text.map((each) => Buffer.from(each)) },
    { weight: 4, arbitrary: inJson.map((each) => Buffer.from(each)) },
    { weight: 2, arbitrary: inXml.map((each) => Buffer.from(each)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each)) },
  );
}

/** Headers, some of which a client acts on by their name or value. */
export function hostileHeaders({ secretFile, secondServer }: Canaries): fc.Arbitrary<[string, string][]> {
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^X-[A-Za-z]{1,8}$/) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '#comment',
        '###',
        '//',
        '...spread',
        '@name',
        'constructor',
        '__proto__',
        'toString',
        'url',
        'body',
        'X-ClientCert',
        'ssl-clientCert',
        'Cookie',
        'X-Request-Type',
        'Authorization',
        'A B',
        "a'b",
      ),
    },
  );
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[!-~](?:[ -~]{0,12}[!-~])?$/) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '',
        ',',
        'a,',
        ' a',
        'a\nX-Injected: 1',
        'a\r\n\r\nbody',
        'a\u2028b',
        'ü',
        '{{$processEnv CANARY}}',
        '\\{\\{name\\}\\}',
        `pfx: ${secretFile}`,
        `cert: ${secretFile} key: ${secretFile}`,
        'graphql',
        'aws key secret',
        'basic user password',
        `openid client ${secondServer}`,
        '/etc/passwd',
        '// @disabled',
        '# @disabled',
        '###',
      ),
    },
  );
  const type = fc
    .constantFrom(
      'application/json',
      'application/json; charset=utf-8',
      'text/xml',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=boundary',
      'multipart/mixed; boundary=boundary',
      'application/x-ndjson',
      'text/markdown',
      'application/graphql',
      'APPLICATION/X-WWW-FORM-URLENCODED',
    )
    .map((each): [string, string] => ['Content-Type', each]);
  return fc
    .tuple(fc.option(type, { nil: undefined }), fc.array(fc.tuple(name, value), { maxLength: 2 }))
    .map(([first, others]) => (first === undefined ? others : [first, ...others]));
}

/** What follows a server's origin in a URL. */
export const hostilePaths = fc.oneof(
  { weight: 6, arbitrary: fc.constant('/') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '/{{$processEnv CANARY}}',
      '/a b',
      '/a\nGET http://evil.example',
      '/\\{\\{name\\}\\}',
      '/a?b={c}',
      '/ü',
      '/a HTTP/1.1',
      '/a\u2028b',
    ),
  },
);
