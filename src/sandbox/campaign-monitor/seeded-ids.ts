import { createHash } from 'node:crypto';

/** Ids and tokens decided by a seed and the order in which they are asked for. They protect nothing. */
export class SeededIds {
  readonly #seed: number;
  #made = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** 32 hexadecimal digits. */
  hex(): string {
    return this.#digest().toString('hex').slice(0, 32);
  }

  /** A token with `+`, `/` and `=` in it, as the vendor's have, so that a client which does not encode them fails. */
  token(): string {
    return `S+/${this.#digest().toString('base64')}`;
  }

  #digest(): Buffer {
    this.#made++;
    return createHash('sha256').update(`${this.#seed}:${this.#made}`).digest();
  }
}
