import assert from 'node:assert/strict';
import { toHttp } from '../../src/export/http.ts';
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

  it('leaves out what the format cannot carry, and says where to turn', async () => {
    const bodies = [
      '{"a":"{{$guid}}"}',
      'a\n### b',
      'a\n \u00a0### b',
      'a\u2028### b',
      '< /etc/passwd',
      '<@latin1 /etc/passwd',
      '<> earlier.http',
      '{}\n> {% client.global.set("a", "b") %}',
      '{}\n>>! ../.bashrc',
      'a\x00b',
    ].map((text) => Buffer.from(text));
    for (const body of [...bodies, Buffer.from([0xff])]) {
      const text = await whole(toHttp([item({ notifications: [notification(callback, body)] })], options));
      assert.match(text, /^### n9.*\n# Not written here: the body .*--as curl\.\n\n$/);
    }
  });

  it('carries no variable in a header either: a client would fill in what its machine knows', async () => {
    const headers: [string, string][] = [['X-Sender', '{{$processEnv HOME}}']];
    const text = await whole(toHttp([item({ headers })], options));
    assert.match(text, /^### d7.*\n# Not written here: the URL or a header holds .*--as curl\.\n\n$/);
  });

  it('looks through a long body of line feeds in no time', async () => {
    const body = Buffer.from(`a${'\n'.repeat(2_000_000)}b`);
    assert.ok((await whole(toHttp([item({ notifications: [notification(callback, body)] })], options))).length > 2e6);
  });

  it('carries XML', async () => {
    const body = Buffer.from('<a>\n<b/>\n</a>');
    const text = await whole(toHttp([item({ notifications: [notification(callback, body)] })], options));
    assert.ok(text.endsWith('\n\n<a>\n<b/>\n</a>\n\n'));
  });
});
