import assert from 'node:assert/strict';
import { logRelay } from '../../../src/extension/session/log.ts';
import type { SessionState } from '../../../src/extension/session/session.ts';
import type { Attempt, Delivery } from '../../../src/protocol/history.ts';
import type { Status } from '../../../src/protocol/status.ts';

const status = {
  pid: 77,
  version: '1.2.3',
  dataDir: '/data/relay',
  startedAt: '2026-01-01T00:00:00.000Z',
  campaignMonitorUrl: 'http://127.0.0.1:4000/very-secret/campaign-monitor',
  settings: {
    partSize: 20,
    destinations: [
      { url: 'http://localhost:3000/callback?token=hidden', mode: 'normalized' },
      { url: 'https://two.example/raw', mode: 'raw' },
    ],
  },
} as unknown as Status;

function running(change: object = {}): SessionState {
  return { kind: 'running', status: { ...status, ...change } } as unknown as SessionState;
}

/** A session that says what it is told to, with the lines that come of it. */
function stage() {
  const lines: string[] = [];
  const heard: Record<string, (value: never) => void> = {};
  const event = (name: string) => (listener: (value: never) => void) => {
    heard[name] = listener;
    return { dispose: () => undefined };
  };
  logRelay(
    { subscriptions: [] },
    {
      session: {
        onDidChange: event('state'),
        onDidAddEvents: event('added'),
        onDidRecordAttempts: event('attempts'),
      },
      log: {
        info: (line: string) => lines.push(`info ${line}`),
        warn: (line: string) => lines.push(`warn ${line}`),
      },
    },
  );
  const say = (name: string, value: unknown): void => heard[name]?.(value as never);
  return { say, lines: () => lines.splice(0) };
}

const goTo = 'info notifications go to http://localhost:3000/callback, https://two.example/raw (raw)';
const about = 'process 77, version 1.2.3, at http://127.0.0.1:4000, history in /data/relay';

/** Why a text cannot be parsed, with a piece of it, as the relay says it. */
function parsing(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the log of what the relay does', () => {
  it('tells a relay that was started from one that ran already, and when it is stopped', () => {
    const { say, lines } = stage();
    say('state', running());
    assert.deepEqual(lines(), [`info attached to the relay that runs: ${about}`, goTo]);
    say('state', running());
    assert.deepEqual(lines(), []);
    say('state', { kind: 'stopped' });
    assert.deepEqual(lines(), ['info the relay was stopped']);
    say('state', { kind: 'starting' });
    say('state', running());
    assert.deepEqual(lines(), [`info attached to the relay that runs: ${about}`, goTo]);
    say('state', { kind: 'stopped', elsewhere: true });
    assert.deepEqual(lines(), []);
    say('state', { kind: 'starting' });
    say('state', running({ startedAt: new Date(Date.now() + 1000).toISOString() }));
    assert.deepEqual(lines(), [`info the relay was started: ${about}`, goTo]);
  });

  it('tells of deliveries that were rejected and notifications that failed for good, and of no others', () => {
    const { say, lines } = stage();
    const delivery = (id: string, change: Partial<Delivery>) => ({ delivery: { id, ...change }, events: [] });
    say('added', {
      deliveries: [
        delivery('d1', { status: 'accepted' }),
        delivery('d2', { status: 'rejected', reason: 'not JSON\nat all' }),
        delivery('d3', { status: 'rejected', reason: null, httpStatus: 413 }),
        delivery('d5', {
          status: 'rejected',
          reason: `neither JSON nor XML: ${parsing('jane@example.org, "and" others')}`,
        }),
        delivery('d6', {
          status: 'rejected',
          reason: `neither JSON nor XML: ${parsing('{"a": "jane@example.org", x')}`,
        }),
      ],
    });
    const attempt: Partial<Attempt> = {
      notificationId: 'n4',
      destination: 'http://localhost:3000/callback?token=hidden',
      status: 500,
      error: null,
      number: 6,
    };
    say('attempts', {
      attempts: [
        { ...attempt, outcome: 'retrying' },
        { ...attempt, outcome: 'failed' },
        { ...attempt, notificationId: 'n5', outcome: 'failed', status: null, error: 'ECONNREFUSED', number: 1 },
      ],
    });
    assert.deepEqual(lines(), [
      'warn d2 rejected: not JSON\\x0aat all',
      'warn d3 rejected: 413',
      "warn d5 rejected: neither JSON nor XML: Unexpected token 'j'",
      'warn d6 rejected: neither JSON nor XML: Expected double-quoted property name in JSON at position 26 (line 1 column 27)',
      'warn n4 → http://localhost:3000/callback: 500, given up after 6 attempts',
      'warn n5 → http://localhost:3000/callback: ECONNREFUSED, given up after 1 attempt',
    ]);
  });
});
