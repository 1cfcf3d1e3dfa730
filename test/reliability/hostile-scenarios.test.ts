/** Files of scenarios that would take all memory: the command's process, as the system counts it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { itLong } from '../long.ts';
import { packedProgram } from '../packed.ts';
import { afterward, temporaryFolder } from '../relay/afterward.ts';

/** What the process may take, whatever a file says: resident memory, in bytes. */
const mostResident = 600_000_000;
/** Where a bound is missing, the system's ends it: address space, in KiB. */
const mostAddresses = 6_000_000;

interface Ended {
  readonly code: number | null;
  readonly said: string;
  /** Null where it was ended before it could tell. */
  readonly peak: number | null;
}

/** Runs `cm-relay scenario` on a file, to its end. */
function runFile(file: string, ...more: string[]): Promise<Ended> {
  const folder = dirname(file);
  const [reporter, peakFile] = [join(folder, 'reporter.cjs'), join(folder, 'peak')];
  writeFileSync(
    reporter,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(peakFile)}, String(process.resourceUsage().maxRSS * 1024)))`,
  );
  const command = [process.execPath, '--require', reporter, packedProgram(), 'scenario', file, ...more];
  return new Promise((resolve) => {
    const limited = ['-c', `ulimit -v ${mostAddresses}; exec "$@"`, 'sh', ...command];
    const child = execFile('sh', limited, { timeout: 220_000 }, (_error, out, err) => {
      const peak = existsSync(peakFile) ? Number(readFileSync(peakFile, 'utf8')) : null;
      resolve({ code: child.exitCode, said: `${out}${err}`, peak });
    });
  });
}

interface Hostile {
  readonly what: string;
  /** Files beside that of the scenarios. */
  readonly files?: Readonly<Record<string, () => string>>;
  /** The file's text, or steps of one scenario. */
  readonly text?: () => string;
  readonly steps?: readonly unknown[];
  readonly timeoutMs?: number;
  /** What the callback answers with; null: nothing. */
  readonly status?: number | null;
  readonly code: number;
  readonly says: RegExp;
  /** Tried in the long form alone: another of its kind is tried in both. */
  readonly inLong?: true;
}

/** How long a scenario may take, in milliseconds: an order of magnitude more than it does. */
const longMs = 200_000;

const withEvents = (count: number, event: string): string =>
  `{"ListID":"aa","Events":[${Array.from({ length: count }, () => event).join(',')}]}`;
const event = (bytes: number): string =>
  `{"Type":"Subscribe","EmailAddress":"a@example.org","Name":"${'n'.repeat(bytes)}"}`;
const recording = (lines: string): string => `{"recording":"cm-relay","version":1}\n${lines}`;
const many = (each: string, count: number): string => Array.from({ length: count }, () => each).join(',');

const hostile: readonly Hostile[] = [
  {
    what: 'a file of 120 MB of brackets',
    inLong: true,
    text: () => '['.repeat(120_000_000),
    code: 2,
    says: /longer than 1048576 bytes/,
  },
  {
    what: 'a file whose brackets are nested 250,000 deep',
    text: () => '['.repeat(250_000) + ']'.repeat(250_000),
    code: 2,
    says: /is nested more than \d+ levels deep/,
  },
  {
    what: 'a file in which 14,000 things are wrong',
    inLong: true,
    text: () => `{"scenarios":[${many(`{"name":"it","steps":[${many('{}', 70)}]}`, 200)}]}`,
    code: 2,
    says: /scenarios\[0\]\.steps\[0\]/,
  },
  {
    what: 'a fixture of 9 MB, split into a notification for each of its thousand events',
    files: { 'fixture.json': () => withEvents(1000, event(9000)) },
    steps: [{ send: { fixture: 'fixture.json' }, trouble: ['split'] }],
    code: 1,
    says: /1000 requests.*\d MB.*exceeds the limit of 64 MB/,
  },
  {
    what: 'a fixture of five million empty events',
    inLong: true,
    files: { 'fixture.json': () => withEvents(5_000_000, '{}') },
    steps: [{ send: { fixture: 'fixture.json' } }],
    code: 1,
    says: /fixture\.json: the body has more than 350000 values/,
  },
  {
    what: 'a fixture with more events than a delivery may have',
    inLong: true,
    files: { 'fixture.json': () => withEvents(10_001, '{}') },
    steps: [{ send: { fixture: 'fixture.json' } }],
    code: 1,
    says: /10001 events, of which at most 10000/,
  },
  {
    what: 'a fixture of 200 MB of spaces',
    inLong: true,
    files: { 'fixture.json': () => ' '.repeat(200_000_000) },
    steps: [{ send: { fixture: 'fixture.json' } }],
    code: 1,
    says: /fixture\.json is longer than 16777216 bytes/,
  },
  {
    what: 'a fixture that is deep and wide, with each value on a line of its own',
    inLong: true,
    files: { 'fixture.json': () => withEvents(1, `{"a":${'['.repeat(5000)}${many('1', 240_000)}${']'.repeat(5000)}}`) },
    steps: [{ send: { fixture: 'fixture.json' }, as: 'delivery', trouble: ['escaped'] }],
    code: 1,
    says: /escaped/,
  },
  {
    what: 'a recording of millions of empty lines',
    inLong: true,
    files: { 'it.cm-recording.jsonl': () => recording('\n'.repeat(16_700_000)) },
    steps: [{ send: { recording: 'it.cm-recording.jsonl' } }],
    code: 0,
    says: /1 passed/,
  },
  {
    what: 'a recording that hides millions of values',
    files: {
      'it.cm-recording.jsonl': () => {
        const body = Buffer.from(withEvents(1, `{"a":[${many('[]', 174_000)}]}`)).toString('base64');
        const line = { atMs: 0, source: 'campaign-monitor', contentType: 'application/json', body: { base64: body } };
        return recording(`${JSON.stringify(line)}\n`.repeat(15));
      },
    },
    steps: [{ send: { recording: 'it.cm-recording.jsonl' }, expect: { status: 'any' } }],
    code: 0,
    says: /1 passed/,
  },
  {
    what: 'a batch that is doubled ten times',
    steps: [
      {
        send: { sample: 'Subscribe', events: 1000 },
        as: 'older',
        trouble: ['split', ...Array.from({ length: 9 }, () => 'twice')],
      },
    ],
    code: 1,
    says: /512000 requests.*exceeds the limit of 10000 requests/,
  },
  {
    what: 'sixty steps of megabytes, of which each has its result',
    inLong: true,
    files: { 'fixture.json': () => withEvents(20, event(400_000)) },
    steps: Array.from({ length: 60 }, (_, index) => ({
      name: `step ${index}`,
      send: { fixture: 'fixture.json' },
      as: 'delivery',
      expect: { status: 'any' },
    })),
    code: 0,
    says: /1 passed/,
  },
  {
    what: '10,000 batches, each with an answer as long as is kept',
    inLong: true,
    files: { 'fixture.json': () => withEvents(1, event(60_000)) },
    steps: [{ repeat: { times: 10_000 }, steps: [{ send: { fixture: 'fixture.json' }, as: 'delivery' }] }],
    code: 0,
    says: /1 passed/,
  },
  {
    what: 'batches that begin, a thousand a second, while none is answered',
    files: { 'fixture.json': () => withEvents(1, event(300_000)) },
    steps: [
      {
        repeat: { times: 10_000, perSecond: 1000 },
        steps: [{ send: { fixture: 'fixture.json' }, as: 'platform', timeoutMs: 600_000 }],
      },
    ],
    timeoutMs: 4000,
    status: null,
    code: 1,
    says: /time limit of 4000 ms/,
  },
  {
    what: 'batches that are refused at length, and tried again, a thousand a second',
    inLong: true,
    steps: [
      {
        repeat: { times: 10_000, perSecond: 1000 },
        steps: [{ send: { sample: 'Subscribe' }, as: 'older', retry: 'cloud-elements' }],
      },
    ],
    timeoutMs: 20_000,
    status: 503,
    code: 1,
    says: /time limit of 20000 ms/,
  },
];

describe('A file of scenarios', function () {
  this.timeout(240_000);

  for (const { what, files = {}, text, steps, timeoutMs = longMs, status = 200, code, says, inLong } of hostile) {
    const define = inLong === true ? itLong : it;
    define(`takes no more memory than may be: ${what}`, async () => {
      const folder = temporaryFolder();
      const answer = 'a'.repeat(65_536);
      const callback = createServer((request, response) => {
        request.resume().once('end', () => {
          if (status !== null) response.writeHead(status, { 'X-Long': 'l'.repeat(12_000) }).end(answer);
        });
      });
      await new Promise<void>((resolve) => callback.listen(0, '127.0.0.1', resolve));
      afterward(() => {
        callback.closeAllConnections();
        callback.close();
      });
      const url = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/`;
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content());
      const file = join(folder, 'hostile.cm-scenario.json');
      writeFileSync(file, text?.() ?? JSON.stringify({ scenarios: [{ name: 'it', timeoutMs, steps }] }));
      const ended = await runFile(file, '--to', url);
      assert.match(ended.said.slice(0, 5000), says);
      assert.ok(ended.said.length < 50_000, `${ended.said.length} characters were said`);
      assert.equal(ended.code, code);
      assert.ok(ended.peak !== null && ended.peak < mostResident, `${ended.peak} bytes`);
    });
  }
});
