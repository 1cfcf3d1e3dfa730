import assert from 'node:assert/strict';
import { toHttp } from '../../src/export/http.ts';
import { bodyFileName } from '../../src/export/item.ts';
import { item, notification, options, secret, whole } from './sample.ts';

const callback = 'http://localhost:3000/callback';

describe('an export as .http', () => {
  it('is one request after the other', async () => {
    const text = await whole(toHttp([item({}, callback), item()], options));
    const [first, second] = text.split(/^(?=### )/m);
    assert.equal(
      first,
      [
        '### n9 of d7, part 1 of 2',
        `POST ${callback} HTTP/1.1`,
        'Content-Type: application/json; charset=utf-8',
        'Elements-Webhook-Id: abc',
        '',
        '{"id":"1"}',
        '',
        '',
      ].join('\n'),
    );
    assert.match(
      second ?? '',
      /^### d7.*\nPOST http:\/\/127\.0\.0\.1:8787\/hooks\/\*{8}\/campaign-monitor HTTP\/1\.1\n/,
    );
    assert.ok(!text.includes(secret));
  });

  /** Each has a line or a part that a client acts on, or that it changes. */
  const bodies = [
    '{"a":"{{$guid}}"}',
    '{"a":"\\{\\{b\\}\\}"}',
    '{"a":"<--->"}',
    'a\n### b',
    'a\u2028### b',
    '< /etc/passwd',
    '<@latin1 /etc/passwd',
    '<> earlier.http',
    '@name = value',
    '?? status == 200',
    '// comment',
    'GET https://example.org',
    'https://example.org',
    'query all { a }',
    '{}\n> {% client.global.set("a", "b") %}',
    '{}\n>>! ../.bashrc',
    '{\n"a": 1\n}',
    '<a>\n<b/>\n</a>',
    '{"a":1}\r\n',
    '\ufeff{}',
    'a\x00b',
    'text',
  ].map((text) => Buffer.from(text));

  it('leaves out a body that a client could take for its own syntax, and says where to turn', async () => {
    for (const body of [...bodies, Buffer.from([0xff])]) {
      const text = await whole(toHttp([item({ notifications: [notification(callback, body)] })], options));
      assert.match(text, /^### n9.*\n# Not written here: the body .* to a file .*, or as curl\.\n\n$/, body.toString());
    }
  });

  it('keeps such a body in a file beside, where there can be one', async () => {
    for (const body of bodies) {
      const kept: Uint8Array[] = [];
      const keepBody = (bytes: Uint8Array): Promise<string> => {
        kept.push(bytes);
        return Promise.resolve(bodyFileName(bytes));
      };
      const text = await whole(
        toHttp([item({ notifications: [notification(callback, body)] })], { ...options, keepBody }),
      );
      assert.match(text, /^### n9.*\nPOST .*\n(?:[\w-]+: .*\n)+\n< \.\/cm-relay-[0-9a-f]{32}\.body\n\n$/);
      assert.deepEqual(kept, [body]);
    }
  });

  it('holds no header or URL that a client acts on', async () => {
    const headers: [string, string][] = [
      ['X-Sender', '{{$processEnv HOME}}'],
      ['X-ClientCert', 'pfx: /etc/passwd'],
      ['X-Request-Type', 'GraphQL'],
      ['Cookie', '********'],
      ['url', '/etc/passwd'],
      ['###', 'a'],
      ['constructor', 'a'],
      ['X-Comma', 'a,'],
      ['X-Beyond', 'ü'],
      ['Authorization', 'AWS key secret'],
      ['Content-Type', 'multipart/mixed; boundary=a'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
    ];
    for (const header of headers) {
      const text = await whole(toHttp([item({ headers: [header] })], options));
      assert.match(text, /^### d7.*\n# Not written here: .*\. Export it as curl\.\n\n$/, header.join(': '));
    }
    const named = await whole(toHttp([item({ headers: [['Authorization', 'AWS key secret']] })], options));
    assert.match(named, /a header named "Authorization"/);
    for (const path of ['{{$guid}}', 'a b', 'a\nGET http://example.org', 'ü']) {
      const text = await whole(toHttp([item({ webhookEndpoint: `http://127.0.0.1/${path}` })], options));
      assert.match(text, /^### d7.*\n# Not written here: the URL .*\. Export it as curl\.\n\n$/, path);
    }
  });
});
