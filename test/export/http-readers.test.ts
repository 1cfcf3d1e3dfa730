import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { countRuns } from '../long.ts';
import { toHttp } from '../../src/export/http.ts';
import { bodyFileName, type ExportItem, type ExportOptions } from '../../src/export/item.ts';
import { afterward, temporaryFolder } from '../relay/afterward.ts';
import { hostileBodies, hostileHeaders, hostilePaths, type Canaries } from './hostile.ts';
import { installHttpyac, sendAll } from './httpyac.ts';
import { readAsRestClient } from './rest-client.ts';
import { item, notification, options, whole } from './sample.ts';

interface Received {
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** A server that records what reaches it. */
async function startServer(): Promise<{ origin: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      const headers: [string, string][] = [];
      for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
        headers.push([request.rawHeaders[i] ?? '', request.rawHeaders[i + 1] ?? '']);
      }
      received.push({ url: request.url ?? '', headers, body: Buffer.concat(chunks) });
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"name":"value"}');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  afterward(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** What is exported, each to a path of its own. */
interface Case {
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

function cases(origin: string, canaries: Canaries, atLeast = 1): fc.Arbitrary<Case[]> {
  const one = fc.record({
    path: hostilePaths,
    headers: hostileHeaders(canaries),
    body: hostileBodies(canaries),
  });
  return fc
    .array(one, { minLength: atLeast, maxLength: Math.max(atLeast, 20) })
    .map((all) => all.map(({ path, ...rest }, i) => ({ ...rest, url: `${origin}/case-${i}${path}` })));
}

function itemsOf(all: readonly Case[]): ExportItem[] {
  return all.map(({ url, headers, body }) =>
    item({
      notifications: [
        notification(
          url,
          body,
          [...headers].map(([name, value]) => [name, value]),
        ),
      ],
    }),
  );
}

/** The export as a file in a folder, with its bodies; or as one text. */
async function exported(all: readonly Case[], folder?: string): Promise<string> {
  const keepBody = (body: Uint8Array): Promise<string> => {
    const name = bodyFileName(body);
    if (folder !== undefined) writeFileSync(join(folder, name), body);
    return Promise.resolve(name);
  };
  const given: ExportOptions = { ...options, withSecrets: true, ...(folder !== undefined && { keepBody }) };
  return whole(toHttp(itemsOf(all), given));
}

/** The cases that an export holds, in order; of the others it says why not. */
function held(text: string, all: readonly Case[]): Case[] {
  const regions = text.split(/^(?=### n9)/m);
  assert.equal(regions.length, all.length, 'a request each');
  return all.filter((_, i) => !(regions[i] ?? '').includes('\n# Not written here: '));
}

/** Headers in one order, one of a name; without what no HTTP carries, which no export holds. */
function joined(headers: Case['headers'], ours: (name: string) => boolean): [string, string][] {
  const fields = new Map<string, string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    if (!ours(lower) || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) continue;
    const known = fields.get(lower);
    fields.set(lower, known === undefined ? value : `${known}, ${value}`);
  }
  return [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What a client sends of its own where the export has no such header. */
const ofTheClient = new Set(['accept', 'accept-encoding', 'connection', 'content-length', 'host', 'user-agent']);

function contents(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  return files;
}

const secretText = 'the secret of the file';

function plant(folder: string, secondServer: string): Canaries {
  const canaries = { written: join(folder, 'written'), secretFile: join(folder, 'secret.txt'), secondServer };
  writeFileSync(canaries.secretFile, secretText);
  writeFileSync(join(folder, 'other.http'), `# @name other\nPOST ${secondServer}/other\n\n`);
  writeFileSync(join(folder, 'script.js'), `require('fs').writeFileSync('${canaries.written}', 'x')\n`);
  return canaries;
}

describe('A .http file, read by httpYac', function () {
  this.timeout(300_000);
  let program: string;

  before(async () => {
    program = await installHttpyac();
  });

  /** Sends a file of the cases with the real program, and holds what arrived and what changed against them. */
  async function check(makeCases: (origin: string, canaries: Canaries) => Case[], inOneText = false): Promise<number> {
    const folder = temporaryFolder();
    const [first, second] = [await startServer(), await startServer()];
    const canaries = plant(folder, second.origin);
    const all = makeCases(first.origin, canaries);
    const text = await exported(all, inOneText ? undefined : folder);
    const file = join(folder, 'export.http');
    writeFileSync(file, text);
    const before = contents(folder);
    const home = temporaryFolder();
    const said = await sendAll(program, file, folder, {
      PATH: process.env['PATH'],
      HOME: home,
      CANARY: 'the secret of the environment',
    });
    const expected = held(text, all);
    assert.deepEqual(
      first.received.map(({ url, headers, body }) => ({
        url,
        headers: joined(
          headers,
          (name) =>
            !ofTheClient.has(name) || expected.some((each) => each.headers.some(([own]) => own.toLowerCase() === name)),
        ).filter(([name]) => name !== 'content-length' && name !== 'host'),
        body: body.toString('latin1'),
      })),
      expected.map(({ url, headers, body }) => ({
        url: url.slice(first.origin.length),
        headers: joined(headers, () => true),
        body: body.toString('latin1'),
      })),
      said,
    );
    assert.deepEqual(second.received, [], 'the second server was asked');
    assert.ok(!existsSync(canaries.written), 'a script ran');
    assert.deepEqual(contents(folder), before, 'files changed');
    assert.deepEqual(contents(home), {}, 'files were written');
    for (const { url, body } of first.received) {
      assert.ok(!`${url}${body.toString()}`.includes(secretText), 'the secret file was sent');
    }
    return expected.length;
  }

  it('acts on what stands in this file when it is written as it came: the canaries sing', async () => {
    const folder = temporaryFolder();
    const second = await startServer();
    const { written, secretFile } = plant(folder, second.origin);
    const file = join(folder, 'plain.http');
    const lines = [
      `POST ${second.origin}/`,
      '',
      `< ${secretFile}`,
      '',
      `{{`,
      `require('fs').writeFileSync('${written}', 'x')`,
      '}}',
    ];
    writeFileSync(file, lines.join('\n'));
    const said = await sendAll(program, file, folder, { PATH: process.env['PATH'], HOME: folder });
    assert.ok(existsSync(written), said);
    assert.ok(second.received.some(({ body }) => body.includes(secretText)));
  });

  it('is one request for each that is exported, with exactly its headers and bytes, and does nothing else', async () => {
    let sent = 0;
    for (let seed = 1; seed <= countRuns(4); seed++) {
      sent += await check((origin, canaries) => {
        const [all] = fc.sample(cases(origin, canaries, 200), { numRuns: 1, seed });
        return [...(all ?? []), ...plainCases(origin)];
      });
    }
    assert.ok(sent > countRuns(200), `only ${sent} were sent`);
  });

  it('carries every body that there is where it may keep it in a file beside', async () => {
    const made = await check((origin, canaries) =>
      fc
        .sample(hostileBodies(canaries), { numRuns: countRuns(150), seed: 11 })
        .map((body, i) => ({ url: `${origin}/case-${i}`, headers: [['Content-Type', 'application/json']], body })),
    );
    assert.equal(made, countRuns(150));
  });

  it('carries what cannot be taken for anything else in one text, and leaves out the rest', async () => {
    const sent = await check(
      (origin, canaries) => [
        ...plainCases(origin),
        ...fc
          .sample(hostileBodies(canaries), { numRuns: countRuns(150), seed: 12 })
          .map((body, i) => ({ url: `${origin}/other-${i}`, headers: [] as [string, string][], body })),
      ],
      true,
    );
    assert.ok(sent > plainCases('').length);
  });
});

/** What a delivery and a notification usually are. */
function plainCases(origin: string): Case[] {
  const event = { Type: 'Subscribe', EmailAddress: 'a@example.org', Name: 'Zoë', Date: '2026-01-15 09:30:00' };
  const batch = JSON.stringify({ Events: [event, event], ListID: '96c0bbdaa54760c8d9e62a2b7ffa2e13' });
  const bodies = ['', batch, '[]', '<Body><Events><Event/></Events></Body>', '<?xml version="1.0"?><a/>'];
  return bodies.map((body, i) => ({
    url: `${origin}/plain-${i}`,
    headers: [
      ['Content-Type', body.startsWith('<') ? 'text/xml' : 'application/json; charset=utf-8'],
      ['Elements-Webhook-Signature', 'sha256=q83vEjRWeJA='],
      ['X-Empty', ''],
      ['X-Twice', 'a'],
      ['X-Twice', 'b'],
    ],
    body: Buffer.from(body),
  }));
}

describe('A .http file, read by the rules of REST Client', () => {
  const canaries: Canaries = {
    written: '/canary/written',
    secretFile: '/canary/secret.txt',
    secondServer: 'http://second.example',
  };
  const origin = 'http://first.example';

  async function check(all: readonly Case[], eol: string, inOneText: boolean): Promise<void> {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    const text = await exported(all, inOneText ? undefined : folder);
    const { requests, acts } = readAsRestClient(text, eol, (path) => {
      const file = join(folder, path);
      return /^\.\/cm-relay-[0-9a-f]{32}\.body$/.test(path) && existsSync(file) ? readFileSync(file) : undefined;
    });
    assert.deepEqual(acts, []);
    assert.deepEqual(
      requests.map(({ headers, body, ...rest }) => ({
        ...rest,
        headers: joined([...headers], () => true),
        body: body.toString('latin1'),
      })),
      held(text, all).map(({ url, headers, body }) => ({
        method: 'POST',
        url,
        headers: joined(headers, () => true),
        body: body.toString('latin1'),
      })),
    );
  }

  for (const [system, eol] of [
    ['Windows', '\r\n'],
    ['elsewhere', '\n'],
  ] as const) {
    it(`is one request for each that is exported, and does nothing else, on ${system}`, async () => {
      await fc.assert(
        fc.asyncProperty(cases(origin, canaries), fc.boolean(), (all, inOneText) => check(all, eol, inOneText)),
        { numRuns: 150 },
      );
      await check(plainCases(origin), eol, true);
    });
  }

  it('acts by these rules on what stands in a file as it came', () => {
    const text = `@a = b\n\n# @prompt name\nPOST ${origin}/\n\n{{a}}\n< /etc/passwd\n### next\nGET ${origin}/\n`;
    const { requests, acts } = readAsRestClient(text, '\n', () => undefined);
    assert.deepEqual(
      requests.map(({ method }) => method),
      ['POST', 'GET'],
    );
    assert.deepEqual(acts, ['defines @a = b', 'metadata # @prompt name', 'variable {{a}}', 'reads < /etc/passwd']);
  });
});
