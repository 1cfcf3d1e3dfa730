import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import type { HeldForwarding } from '../../src/protocol/debug.ts';
import { connectToRelay, type RelayClient } from '../../src/protocol/relay-client.ts';
import { storeFile } from '../../src/relay/history/history.ts';
import { stateCodes } from '../../src/relay/log/database.ts';
import { isLong, readAmount } from '../long.ts';
import { temporaryFolder } from '../relay/afterward.ts';
import { readyRelay } from '../relay/processes.ts';
import { startReceiver } from '../relay/receiver.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';

/** How many sequences. */
const runs = readAmount('GATE_RUNS', 1, 40);

/** `kill`: the relay is killed so many turns of the event loop after it was asked; null: it is waited for. */
const kill = fc.option(fc.integer({ min: 0, max: 40 }), { freq: 5, nil: null });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ deliver: fc.integer({ min: 1, max: 5 }), stops: fc.boolean(), kill }) },
  ...(['pause', 'step', 'step', 'continue', 'drop', 'edit', 'breakpoint', 'no breakpoint'] as const).map((ask) => ({
    weight: 2,
    arbitrary: fc.record({ ask: fc.constant(ask), kill }),
  })),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const breakpoint = { at: 'event', condition: 'address:stop' } as const;

/** What is known of what was delivered, by its address. */
interface Known {
  readonly order: number;
  readonly isEdit: boolean;
  /** It may come: it was never held, or it was released, as far as anybody was told. */
  mayCome: boolean;
  /** It was dropped; `maybe` where the relay was killed meanwhile. */
  dropped: boolean | 'maybe';
  /** How often it came, and how often the relay was killed before that was recorded. */
  came: number;
  lost: number;
}

/** The relay of a data directory, as a process that can be killed, and what is known of what it was sent. */
class Debugged {
  readonly known = new Map<string, Known>();
  readonly wrong: string[] = [];
  readonly #dataDir = temporaryFolder();
  readonly #url: string;
  #relay: Awaited<ReturnType<typeof readyRelay>> | undefined;
  #client: RelayClient | undefined;
  #isPaused = false;
  #hasBreakpoint = false;
  #last = 0;

  constructor(url: string) {
    this.#url = url;
  }

  get client(): RelayClient {
    assert.ok(this.#client);
    return this.#client;
  }

  came(address: string): void {
    const known = this.known.get(address);
    if (known === undefined) return;
    known.came += 1;
    if (!known.mayCome) this.wrong.push(`${address} came, and was held`);
    if (known.dropped === true) this.wrong.push(`${address} came, and was dropped`);
    if (!known.isEdit && known.came === 1) {
      if (known.order < this.#last) this.wrong.push(`${address} came late`);
      this.#last = known.order;
    }
  }

  async start(): Promise<void> {
    this.#relay = await readyRelay(['--data-dir', this.#dataDir]);
    this.#client = await connectToRelay(this.#dataDir);
    await this.#client.request('relay/configure', { settings: { destinations: [{ id: 'one', url: this.#url }] } });
  }

  async stop(): Promise<void> {
    await this.client.request('relay/stop', {});
    assert.equal(await this.#relay?.ended, 0);
  }

  async held(): Promise<HeldForwarding[]> {
    return (await this.client.request('debug/held', { limit: 1000 })).held;
  }

  rows(sql: string): Record<string, unknown>[] {
    const db = new DatabaseSync(storeFile(this.#dataDir), { readOnly: true });
    try {
      return db.prepare(sql).all();
    } finally {
      db.close();
    }
  }

  /** Does a step, and kills the relay in the midst of it where that is asked for. */
  async do(each: Step): Promise<void> {
    const work = 'deliver' in each ? this.#deliver(each.deliver, each.stops) : this.#ask(each.ask, each.kill !== null);
    if (each.kill === null) {
      await work;
      return;
    }
    work.catch(() => undefined);
    const wasPaused = this.#isPaused;
    for (let turn = 0; turn < each.kill; turn++) await new Promise((resolve) => setImmediate(resolve));
    await this.#kill();
    await work.catch(() => undefined);
    await this.start();
    await this.#look();
    const mayGoOn = 'ask' in each && each.ask === 'continue';
    if (wasPaused && !mayGoOn && !this.#isPaused) this.wrong.push('it was paused, and is not since it was killed');
  }

  async #kill(): Promise<void> {
    await this.#relay?.kill();
    this.client.close();
    const recorded = new Set(
      this.rows(`SELECT e.address FROM attempts a JOIN events e ON e.notification_id = a.notification_id`).map((row) =>
        String(row['address']),
      ),
    );
    for (const [address, known] of this.known)
      if (known.came > known.lost && !recorded.has(address)) known.lost = known.came;
  }

  /** How sending stands after a kill: what was asked for may have been done or not. */
  async #look(): Promise<void> {
    const { sending } = await this.client.request('relay/status', {});
    this.#isPaused = sending.state === 'paused';
    // One that was being asked when it was killed is off.
    const { breakpoints } = await this.client.request('debug/breakpoints', {});
    this.#hasBreakpoint = breakpoints.some(({ enabled }) => enabled);
  }

  async #deliver(count: number, stops: boolean): Promise<void> {
    for (let left = count; left > 0; left--) {
      const order = this.known.size + 1;
      const address = `${stops ? 'stop' : 'go'}-${order}@example.org`;
      const mayCome = !this.#isPaused && !(stops && this.#hasBreakpoint);
      this.known.set(address, { order, isEdit: false, mayCome, dropped: false, came: 0, lost: 0 });
      const response = await fetch(this.#relay?.url ?? '', {
        method: 'POST',
        body: sampleBody({ email: address }),
        headers: { 'content-type': 'application/json' },
      });
      await response.arrayBuffer();
      assert.equal(response.status, 200);
    }
  }

  async #addressOf(held: HeldForwarding): Promise<string> {
    const { event } = await this.client.request('events/get', { id: held.notificationId });
    return event.address ?? '';
  }

  async #ask(ask: (Step & { ask: unknown })['ask'], isKilled: boolean): Promise<void> {
    const { client } = this;
    switch (ask) {
      case 'pause':
        await client.request('debug/pause', {});
        this.#isPaused = true;
        // What is under way when it is paused comes yet: what is held is told.
        for (const each of await this.held()) this.#knownOf(await this.#addressOf(each)).mayCome = false;
        return;
      case 'breakpoint':
        await client.request('debug/breakpoints', { add: [breakpoint] });
        this.#hasBreakpoint = true;
        return;
      case 'no breakpoint':
        this.#hasBreakpoint = false;
        for (const [address, known] of this.known)
          if (address.startsWith('stop') && !this.#isPaused) known.mayCome = true;
        await client.request('debug/breakpoints', { remove: 'all' });
        return;
      case 'continue': {
        await this.continue();
        return;
      }
      default: {
        const [next] = await this.held();
        if (next === undefined) return;
        const address = await this.#addressOf(next);
        const known = this.#knownOf(address);
        if (ask === 'step') {
          known.mayCome = true;
          await client.request('debug/step', { id: next.notificationId });
        } else if (ask === 'drop') {
          if (isKilled) known.dropped = 'maybe';
          await client.request('debug/drop', { id: next.notificationId });
          known.dropped = true;
        } else {
          const edited = `edited-${this.known.size + 1}@example.org`;
          const order = this.known.size + 1;
          if (isKilled) known.dropped = 'maybe';
          this.known.set(edited, {
            order,
            isEdit: true,
            mayCome: true,
            dropped: isKilled ? 'maybe' : false,
            came: 0,
            lost: 0,
          });
          await client.request('debug/edit', {
            id: next.notificationId,
            body: { text: sampleBody({ email: edited }) },
          });
          known.dropped = true;
        }
      }
    }
  }

  /** Continues, which lets through what was stopped, and what no breakpoint stops. */
  async continue(): Promise<void> {
    for (const each of await this.held()) {
      const address = await this.#addressOf(each);
      if (each.heldBy === 'breakpoint' || !(address.startsWith('stop') && this.#hasBreakpoint)) {
        this.#knownOf(address).mayCome = true;
      }
    }
    for (const [address, known] of this.known) if (address.startsWith('go')) known.mayCome = true;
    this.#isPaused = false;
    await this.client.request('debug/continue', {});
  }

  #knownOf(address: string): Known {
    const known = this.known.get(address);
    assert.ok(known, `${address} is known`);
    return known;
  }
}

describe('Whatever is paused, stepped, continued, edited and dropped, and however often the relay is killed', () => {
  it(`what is held does not go, what is dropped never comes, and all else comes once, in order (${runs} runs)`, async function () {
    this.timeout(120_000 + runs * 180_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: isLong ? 30 : 18 }), async (steps) => {
        const receiver = await startReceiver();
        const relay = new Debugged(receiver.url);
        receiver.answer(({ text }) => {
          const address = /(?:go|stop|edited)-\d+@example\.org/.exec(text)?.[0];
          if (address !== undefined) relay.came(address);
          return {};
        });
        await relay.start();
        for (const each of steps) await relay.do(each);
        // All that is held goes, whatever stops.
        await until(async () => {
          if ((await relay.held()).length > 0) await relay.continue();
          const { counts } = await relay.client.request('relay/status', {});
          return counts.held === 0 && counts.waiting === 0;
        });
        const { counts } = await relay.client.request('relay/status', {});
        await relay.stop();
        assert.deepEqual(relay.wrong, []);
        const states = new Map(
          relay
            .rows('SELECT state, count(*) AS n FROM forwardings GROUP BY state')
            .map((row) => [Number(row['state']), Number(row['n'])]),
        );
        assert.deepEqual(
          [counts.waiting + counts.held, counts.sent, counts.failed, counts.discarded],
          (['waiting', 'sent', 'failed', 'discarded'] as const).map((state) => states.get(stateCodes[state]) ?? 0),
        );
        const stored = new Set(relay.rows('SELECT address FROM events').map((row) => String(row['address'])));
        for (const [address, { came, lost, dropped }] of relay.known) {
          // Killed before it was acknowledged, it may not be there at all.
          if (!stored.has(address)) assert.equal(came, 0, address);
          else if (dropped === false) assert.ok(came >= 1 && came <= 1 + lost, `${address} came ${came} times`);
          else assert.ok(came <= (dropped === true ? lost : 1 + lost), `${address} came ${came} times`);
        }
        const attempts = relay.rows(
          `SELECT notification_id, count(*) AS n FROM attempts WHERE outcome = 'sent' GROUP BY notification_id HAVING n <> 1`,
        );
        assert.deepEqual(attempts, []);
        await receiver.stop();
      }),
      { numRuns: runs, endOnFailure: true },
    );
  });
});
