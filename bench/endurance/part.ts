/**
 * One seeded part of the endurance: a relay whose history is at its limit, a sender, callbacks that fail, hang, vanish and
 * are killed, a tunnel server that is killed, pauses, clients that come and go. At its end nothing that was acknowledged
 * may be missing.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lowMemory } from '../../src/extension/session/process.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import type { RelayClient } from '../../src/protocol/relay-client.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import { freePort } from '../../test/free-port.ts';
import { LocaltunnelServer } from '../../test/relay/tunnel/stage.ts';
import { end, environment, residentMemory, startUntilReady, temporaryFolder, track } from '../processes.ts';
import type { Answering } from './callback.ts';
import { Sender } from './sender.ts';
import type { Route } from './sender.ts';

export interface PartOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Deliveries a second. */
  readonly perSecond: number;
  /** How many deliveries are kept: the limit is reached early. */
  readonly keep: number;
  /** The relay's program and its arguments before its own. */
  readonly program: readonly string[];
  readonly log: (line: string) => void;
}

/** A process at one moment. */
export interface Sample {
  readonly seconds: number;
  readonly memoryMb: number;
  /** Open files, sockets among them. */
  readonly handles: number;
  /** In the data directory. */
  readonly files: number;
  readonly megabytes: number;
}

export interface Figures {
  readonly seed: number;
  readonly seconds: number;
  readonly deliveries: number;
  readonly refused: number;
  readonly events: number;
  readonly acknowledged: number;
  /** Acknowledged, and neither taken by the callback nor in the history as failed. */
  readonly lost: readonly number[];
  /** Acknowledged, and in the history as failed: the callback did not take it, as often as it was tried. */
  readonly failed: number;
  readonly happened: Readonly<Record<Happening, number>>;
  /** Of the relay that ran last, from the moment on that its history was full. */
  readonly samples: readonly Sample[];
}

export type Happening =
  | 'relay killed'
  | 'callback killed'
  | 'tunnel server killed'
  | 'hangs'
  | 'vanishes'
  | 'pauses'
  | 'clients';

/** A part of the time at the beginning in which the relay is killed: after it the memory of one process is watched. */
const killedUntil = 0.3;

/** The callbacks' share of requests that fail, in a thousand. */
const failingOf1000 = 50;

export async function runPart(options: PartOptions): Promise<Figures> {
  const part = new Part(options);
  try {
    return await Promise.race([part.run(), part.death]);
  } finally {
    await part.end();
  }
}

class Part {
  readonly #options: PartOptions;
  readonly #random: () => number;
  readonly #dataDir = temporaryFolder();
  readonly #taken = new Set<number>();
  readonly #samples: Sample[] = [];
  readonly #happened: Record<Happening, number> = {
    ...{ 'relay killed': 0, 'callback killed': 0, 'tunnel server killed': 0 },
    ...{ hangs: 0, vanishes: 0, pauses: 0, clients: 0 },
  };
  #began = 0;
  readonly #over = new AbortController();
  #relay: ChildProcess | undefined;
  #url = new URL('http://127.0.0.1/');
  #port = 0;
  #tunnel: LocaltunnelServer | undefined;
  #died: (error: Error) => void = () => undefined;
  readonly #callbacks = new Map<string, { readonly port: number; process: ChildProcess }>();

  /** Rejects where the relay ends by itself. */
  readonly death = new Promise<never>((_, reject) => {
    this.#died = reject;
  });

  constructor(options: PartOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
  }

  async run(): Promise<Figures> {
    const { seed, seconds, perSecond } = this.#options;
    for (const name of ['steady', 'fickle']) {
      const port = await freePort();
      this.#callbacks.set(name, { port, process: await this.#startCallback(name, port) });
    }
    this.#tunnel = await LocaltunnelServer.start(await freePort());
    this.#port = await freePort();
    await this.#startRelay();
    this.#began = performance.now();
    const sender = new Sender(this.#random, (random) => this.#route(random));
    const happenings = [
      this.#often([2, 5], () => this.#comeAndGo()),
      this.#often([15, 40], () => this.#pause()),
      this.#often([10, 40], () => this.#killCallback()),
      this.#often([15, 50], () => this.#killTunnelServer()),
      this.#often([10, 30], () => this.#beFickle()),
      this.#often([10, 25], () => this.#killRelay()),
      this.#often([5, 5], () => {
        this.#sample();
        return Promise.resolve();
      }),
    ];
    await sender.send(perSecond, seconds);
    this.#over.abort();
    await Promise.all(happenings);
    this.#callbacks.get('fickle')?.process.send('ok' satisfies Answering);
    await this.#drained();
    const { lost, failed } = await this.#missing(sender);
    return {
      ...{ seed, seconds, deliveries: sender.deliveries, refused: sender.refused, events: sender.events },
      ...{ acknowledged: sender.acknowledged.reduce((sum, one) => sum + one, 0), lost, failed },
      ...{ happened: this.#happened, samples: this.#samples },
    };
  }

  async end(): Promise<void> {
    this.#over.abort();
    if (this.#relay !== undefined) await end(this.#relay);
    await this.#tunnel?.kill();
    for (const { process: child } of this.#callbacks.values()) await end(child);
  }

  get #share(): number {
    return (performance.now() - this.#began) / 1000 / this.#options.seconds;
  }

  /** Does something again and again, each time so many seconds later as chance has it, until it is over. */
  async #often([least, most]: readonly [number, number], what: () => Promise<void>): Promise<void> {
    // Shorter parts have as much of it.
    const scale = Math.min(1, this.#options.seconds / 300);
    for (;;) {
      const until = performance.now() + 1000 * scale * (least + this.#random() * (most - least));
      while (!this.#over.signal.aborted && performance.now() < until) await delay(50);
      if (this.#over.signal.aborted) return;
      await what();
    }
  }

  /** Most go past the tunnel: it carries ten at a time. */
  #route(random: () => number): Route {
    const tunnel = this.#tunnel;
    if (tunnel === undefined || random() > 0.05) return { url: this.#url, headers: {} };
    const url = new URL(this.#url.pathname, `http://127.0.0.1:${tunnel.port}`);
    return { url, headers: { host: `endurance.localhost:${tunnel.port}` } };
  }

  async #startCallback(name: string, port: number): Promise<ChildProcess> {
    const args = [String(port), String(failingOf1000), String(1 + Math.floor(this.#random() * 1e6))];
    const child = track(fork(join(import.meta.dirname, 'callback.ts'), args, { env: environment }));
    await once(child, 'message');
    child.on('message', (numbers: readonly number[]) => {
      if (name === 'steady') for (const number of numbers) this.#taken.add(number);
    });
    return child;
  }

  async #startRelay(): Promise<void> {
    const [command = '', ...rest] = this.#options.program;
    const args = [...lowMemory.nodeOptions, command, ...rest, 'relay-process', '--data-dir', this.#dataDir];
    const { child, ready } = await startUntilReady([...args, '--port', String(this.#port)], {
      env: { ...environment, ...lowMemory.environment },
    });
    this.#relay = child;
    child.once('exit', (code, signal) => {
      if (signal !== 'SIGKILL' && signal !== 'SIGTERM')
        this.#died(new Error(`the relay ended by itself, with ${String(code ?? signal)}`));
    });
    this.#url = new URL(String(ready['campaignMonitorUrl']));
    const client = await connectToRelay(this.#dataDir);
    const destinations = [...this.#callbacks].map(([id, { port }]) => ({
      id,
      url: `http://127.0.0.1:${port}/${id}`,
      timeoutMs: 2000,
    }));
    const retention: Settings['retention'] = { maxDeliveries: this.#options.keep, maxBytes: 100_000_000_000 };
    const tunnel = { kind: 'localtunnel', host: this.#tunnel?.host ?? '', subdomain: 'endurance' } as const;
    await client.request('relay/configure', {
      settings: { destinations, retention, tunnel, concurrency: 16, keepAliveMinutes: 600 },
    });
    client.close();
  }

  async #killRelay(): Promise<void> {
    if (this.#share > killedUntil || this.#relay === undefined) return;
    const ended = once(this.#relay, 'exit');
    this.#relay.kill('SIGKILL');
    await ended;
    this.#happened['relay killed'] += 1;
    await this.#startRelay();
  }

  async #killCallback(): Promise<void> {
    const callback = this.#callbacks.get('steady');
    if (callback === undefined) return;
    const ended = once(callback.process, 'exit');
    callback.process.kill('SIGKILL');
    await ended;
    this.#happened['callback killed'] += 1;
    await delay(1000 * this.#random());
    callback.process = await this.#startCallback('steady', callback.port);
  }

  async #killTunnelServer(): Promise<void> {
    const before = this.#tunnel;
    if (before === undefined) return;
    await before.kill();
    this.#happened['tunnel server killed'] += 1;
    this.#tunnel = await LocaltunnelServer.start(before.port);
  }

  async #beFickle(): Promise<void> {
    const callback = this.#callbacks.get('fickle');
    if (callback === undefined) return;
    const seconds = 2 + this.#random() * 3;
    if (this.#random() < 0.5) {
      this.#happened.hangs += 1;
      callback.process.send('hang' satisfies Answering);
      await delay(seconds * 1000);
      callback.process.send('ok' satisfies Answering);
      return;
    }
    this.#happened.vanishes += 1;
    await end(callback.process);
    await delay(seconds * 1000);
    callback.process = await this.#startCallback('fickle', callback.port);
  }

  /** Where no relay runs at the moment, it is as if nobody had come. */
  async #withClient(work: (client: RelayClient) => Promise<unknown>): Promise<boolean> {
    const client = await connectToRelay(this.#dataDir).catch(() => null);
    if (client === null) return false;
    try {
      await work(client);
      return true;
    } catch {
      return false;
    } finally {
      client.close();
    }
  }

  async #pause(): Promise<void> {
    const paused = await this.#withClient(async (client) => {
      await client.request('debug/pause', {});
      await delay(1000 + 2000 * this.#random());
    });
    // A kill in between leaves it paused.
    while (!(await this.#withClient((client) => client.request('debug/continue', {})))) await delay(50);
    if (paused) this.#happened.pauses += 1;
  }

  async #comeAndGo(): Promise<void> {
    const came = await this.#withClient(async (client) => {
      for (const filter of ['', 'state:failed', 'type:update', 'endures-1']) {
        await client.request('events/query', { filter, limit: 100 });
      }
      await client.request('relay/status', {});
    });
    if (came) this.#happened.clients += 1;
  }

  #sample(): void {
    const pid = this.#relay?.pid;
    if (this.#share <= killedUntil || pid === undefined || !existsSync(`/proc/${pid}/fd`)) return;
    const names = readdirSync(this.#dataDir, { recursive: true, encoding: 'utf8' });
    const sizes = names.map((name) => statSync(join(this.#dataDir, name), { throwIfNoEntry: false })?.size ?? 0);
    this.#samples.push({
      seconds: Math.round((performance.now() - this.#began) / 1000),
      memoryMb: Math.round(residentMemory(pid)?.now ?? NaN),
      handles: readdirSync(`/proc/${pid}/fd`).length,
      files: names.length,
      megabytes: Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e6),
    });
  }

  async #drained(): Promise<void> {
    const { log } = this.#options;
    for (let said = ''; ;) {
      let left = NaN;
      await this.#withClient(async (client) => {
        await client.request('debug/continue', {});
        const { counts } = await client.request('relay/status', {});
        left = counts.waiting + counts.held;
      });
      if (left === 0) return;
      const line = `${left} wait`;
      if (line !== said) log((said = line));
      await delay(1000);
    }
  }

  /** Looks for what was acknowledged and did not come to the callback: in the history it stands as failed, or it is lost. */
  async #missing(sender: Sender): Promise<{ readonly lost: readonly number[]; readonly failed: number }> {
    const missing = sender.acknowledged.flatMap((one, number) =>
      one === 1 && !this.#taken.has(number) ? [number] : [],
    );
    const lost: number[] = [];
    const client = await connectToRelay(this.#dataDir);
    for (const number of missing) {
      const filter = `address:endures-${number}@example.org state:failed`;
      const { events } = await client.request('events/query', { filter, limit: 1 });
      if (events.length === 0) lost.push(number);
    }
    client.close();
    return { lost, failed: missing.length - lost.length };
  }
}

/** Numbers from 0 up to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
