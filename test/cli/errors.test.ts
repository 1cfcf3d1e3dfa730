import assert from 'node:assert/strict';
import { withoutSecrets } from '../../src/cli/errors.ts';

describe('What a command line says back', () => {
  const masked: [text: string, said: string][] = [
    ['error: user:pw@localhost:3000: expected a URL', 'error: ********@localhost:3000: expected a URL'],
    ["argument 'http://user:pw@host/' is invalid", "argument 'http://********@host/' is invalid"],
    ["'https://user:p/w#x@host/a'", "'https://********@host/a'"],
    ["unknown option '--http://user:pw@h/'", "unknown option '--http://********@h/'"],
    ['--forward-to=http://u:pw@h/', '--forward-to=http://********@h/'],
    ['http://h/?token=pw is no callback', 'http://h/?token=******** is no callback'],
    [
      "error: --header <header>: 'X: it's \"my\" secret' is not valid: expected NAME: VALUE",
      "error: --header <header>: '********' is not valid: expected NAME: VALUE",
    ],
  ];
  for (const [text, said] of masked) {
    it(`has no secret of ${text}`, () => assert.equal(withoutSecrets(text), said));
  }

  for (const text of [
    '--filter "address:jane@example.org state:none"',
    "'jane@example.org'",
    'http://127.0.0.1:3000/a@b answers 404',
    'no relay is running for /tmp/x: start one with cm-relay listen',
  ]) {
    it(`keeps ${text}`, () => assert.equal(withoutSecrets(text), text));
  }
});
