/** Where all that opens something in a sandbox comes from, and how it is compared. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What an app proves itself with. */
export interface AppCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Makes ids, codes, tokens and places. */
export interface Secrets {
  /** Whether they may be known to everybody, so that nobody is a stranger. */
  readonly published: boolean;
  /** 32 hexadecimal digits: an id, a code. */
  hex(): string;
  /** A token with `+`, `/` and `=` in it, as the vendor's have, so that a client which does not encode them fails. */
  token(): string;
  /** The credentials of an app: these, or others in their place. */
  app(known: AppCredentials): AppCredentials;
  /** What the address at which an instance takes the vendor's events ends with. */
  eventsPlace(instanceId: number): string;
}

/** Decided by a seed and the order in which they are asked for: the same each time, and protecting nothing. */
export class SeededSecrets implements Secrets {
  readonly published = true;
  readonly #seed: number;
  #made = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  hex(): string {
    return this.#digest().toString('hex').slice(0, 32);
  }

  token(): string {
    return `S+/${this.#digest().toString('base64')}`;
  }

  app(known: AppCredentials): AppCredentials {
    return known;
  }

  /** The form that sister connectors document [docs, inferred here]. */
  eventsPlace(instanceId: number): string {
    return Buffer.from(String(instanceId)).toString('base64');
  }

  #digest(): Buffer {
    this.#made++;
    return createHash('sha256').update(`${this.#seed}:${this.#made}`).digest();
  }
}

/** Random, at least 128 bits each: whoever was not told one cannot know it, nor make it of another. */
export class RandomSecrets implements Secrets {
  readonly published = false;

  hex(): string {
    return randomBytes(16).toString('hex');
  }

  token(): string {
    return `S+/${randomBytes(32).toString('base64')}`;
  }

  app(): AppCredentials {
    return { clientId: randomClientId(), clientSecret: randomBytes(24).toString('hex') };
  }

  eventsPlace(): string {
    return this.hex();
  }
}

/**
 * A client id of 128 random bits, in digits as the vendor's are. With the vendor it is no secret; here it opens the
 * consent page, on which any user of the machine could answer.
 */
export function randomClientId(): string {
  return BigInt(`0x${randomBytes(16).toString('hex')}`)
    .toString()
    .padStart(39, '0');
}

/** Whether a text is the secret, in a time that says nothing of either. */
export function isSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

/**
 * Things that are found by a secret alone. They are kept by its digest, so that the time of a search says nothing of
 * the secrets that there are. The oldest make room, and what is too old is gone.
 */
export class BySecret<T> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #max: number;
  readonly #lifetimeMs: number;
  readonly #now: () => number;

  /**
   * @param max how many are kept
   * @param lifetimeMs for how long each is, in milliseconds; default for ever
   * @param now the clock, in milliseconds
   */
  constructor(max: number, lifetimeMs = Infinity, now: () => number = Date.now) {
    this.#max = max;
    this.#lifetimeMs = lifetimeMs;
    this.#now = now;
  }

  get size(): number {
    return this.#kept.size;
  }

  set(secret: string, value: T): void {
    this.#kept.set(keyOf(secret), { value, until: this.#now() + this.#lifetimeMs });
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > this.#max && oldest !== undefined) this.#kept.delete(oldest);
  }

  get(secret: string): T | undefined {
    const kept = this.#kept.get(keyOf(secret));
    return kept !== undefined && kept.until > this.#now() ? kept.value : undefined;
  }

  /** Gives it once. */
  take(secret: string): T | undefined {
    const value = this.get(secret);
    this.#kept.delete(keyOf(secret));
    return value;
  }

  values(): T[] {
    return [...this.#kept.values()].map(({ value }) => value);
  }

  clear(): void {
    this.#kept.clear();
  }
}

function keyOf(secret: string): string {
  return digest(secret).toString('base64');
}
