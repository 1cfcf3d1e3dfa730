import type { Destination, Settings } from '../../protocol/settings.ts';
import { connectionsFor, post, type Connections, type SendResult } from './outbound.ts';
import type { Outgoing } from './render.ts';
import type { TimeLimit } from './time-limit.ts';

interface Pool {
  readonly connections: Connections;
  underWay: number;
}

export class ConnectionPool {
  #current: Pool;
  #key: string;
  readonly #replaced = new Set<Pool>();

  constructor(destination: Destination, settings: Settings) {
    this.#key = keyOf(destination, settings);
    this.#current = poolFor(destination, settings);
  }

  use(destination: Destination, settings: Settings): void {
    const key = keyOf(destination, settings);
    if (key === this.#key) return;
    const before = this.#current;
    this.#current = poolFor(destination, settings);
    this.#key = key;
    this.#replaced.add(before);
    this.#endIfIdle(before);
  }

  async post(url: URL, outgoing: Outgoing, timeoutMs: number, limit?: TimeLimit): Promise<SendResult> {
    const pool = this.#current;
    pool.underWay += 1;
    const result = await post(pool.connections, url, outgoing, timeoutMs, limit);
    pool.underWay -= 1;
    this.#endIfIdle(pool);
    return result;
  }

  /** Ends a replaced pool with its last request: a pool that was closed earlier could no longer be destroyed. */
  #endIfIdle(pool: Pool): void {
    if (pool.underWay === 0 && this.#replaced.delete(pool)) void pool.connections.destroy();
  }

  async close(): Promise<void> {
    await Promise.all([this.#current, ...this.#replaced].map(({ connections }) => connections.destroy()));
  }
}

function poolFor(destination: Destination, { proxy, concurrency }: Settings): Pool {
  return { connections: connectionsFor(destination, proxy, concurrency), underWay: 0 };
}

function keyOf({ url, insecureTls, timeoutMs }: Destination, { proxy, concurrency }: Settings): string {
  return JSON.stringify([new URL(url).origin, concurrency, proxy, insecureTls, timeoutMs]);
}
